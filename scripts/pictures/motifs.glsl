//// mug
vec2 motif(vec3 p) {
  p.xz *= turn(.35);
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(0, .50, 0);
  float body = can(q, .43, .48, .06), inner = can(q - vec3(0, .10, 0), .38, .50, .05);
  vec3 e = p - vec3(.47, .52, 0);
  float ear = length(vec2(length(e.xy * vec2(1.05, .92)) - .23, e.z * 1.1)) - .055;
  body = melt(body, max(ear, -can(q, .40, .6, .0)), .05);
  put(all, carve(body, inner, .03), p.y > .30 + .02 * sin(atan(p.z, p.x) * 5.) ? ACCENT : CREAM);
  put(all, can(p - vec3(0, .76, 0), .39, .02, .01), DARK);
  return all;
}
//// kettle
vec2 motif(vec3 p) {
  p.xz *= turn(.25);
  vec2 all = vec2(1e3, 0.);
  put(all, cone(p - vec3(0, .36, 0), .36, .50, .35, .09), ACCENT);
  put(all, can(p - vec3(0, .715, 0), .335, .022, .015), DEEP);
  put(all, egg(p - vec3(0, .72, 0), vec3(.29, .085, .29)), ACCENT);
  put(all, sphere(p - vec3(0, .84, 0), .055), WOOD);
  put(all, bent(p, vec3(.36, .26, 0), vec3(.78, .28, 0), vec3(.70, .72, 0), .075, .036), STEEL);
  put(all, bent(p, vec3(.70, .72, 0), vec3(.70, .84, 0), vec3(.84, .82, 0), .036, .028), STEEL);
  put(all, bent(p, vec3(-.36, .64, 0), vec3(-.42, 1.24, 0), vec3(.02, 1.20, 0), .034, .034), STEEL);
  put(all, bent(p, vec3(.36, .64, 0), vec3(.42, 1.24, 0), vec3(-.02, 1.20, 0), .034, .034), STEEL);
  put(all, rod(p, vec3(-.14, 1.175, 0), vec3(.14, 1.175, 0), .052), WOOD);
  return all;
}
//// bowl
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.); vec3 q = (p - vec3(0, .66, 0)) / vec3(1.12, 1., 1.12);
  float shell = max(abs(sphere(q, .60)) - .032, q.y);
  shell = melt(shell, can(p - vec3(0, .06, 0), .26, .05, .02), .06);
  put(all, min(shell, ring(q, .60, .032)) * .9, WOOD);
  put(all, sphere(p - vec3(-.24, .62, .12), .25), ACCENT);
  put(all, sphere(p - vec3(.25, .63, .14), .24), PALE);
  put(all, sphere(p - vec3(.03, .66, -.24), .27), ACCENT);
  put(all, sphere(p - vec3(.02, .86, .05), .22), ACCENT);
  put(all, bent(p, vec3(.02, 1.05, .05), vec3(.02, 1.14, .05), vec3(.08, 1.18, .05), .012, .016), DARK);
  vec3 l = p - vec3(.16, 1.14, .07); l.xy *= turn(-.5);
  put(all, egg(l, vec3(.12, .022, .055)) * .6, LEAF);
  return all;
}
//// carafe
float glass(vec3 p) {
  float d = cone(p - vec3(0, .30, 0), .30, .44, .36, .10);
  d = melt(d, cone(p - vec3(0, .68, 0), .22, .34, .14, .02), .16);
  return melt(d, can(p - vec3(0, .98, 0), .135, .16, .02), .10);
}
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.);
  put(all, melt(glass(p), ring(p - vec3(0, 1.12, 0), .145, .022), .02), p.y < .47 ? WATER : GLASS);
  put(all, can(p - vec3(0, 1.17, 0), .118, .11, .025), CORK);
  return all;
}
//// jar
vec2 motif(vec3 p) {
  p.xz *= turn(.3);
  vec2 all = vec2(1e3, 0.);
  float level = .60 + .04 * sin(p.x * 7.) + .03 * sin(p.z * 9.);
  put(all, can(p - vec3(0, .50, 0), .44, .50, .10), p.y < level ? PALE : GLASS);
  put(all, can(p - vec3(0, 1.015, 0), .40, .025, .01), DARK);
  put(all, can(p - vec3(0, 1.09, 0), .43, .075, .03), WOOD);
  vec3 q = p; q.xz *= turn(-.62);
  put(all, max(abs(can(p - vec3(0, .5, 0), .445, .6, .1)) - .004, box(q - vec3(0, .44, .44), vec3(.19, .13, .2), .03)), PAPER);
  put(all, max(abs(can(p - vec3(0, .5, 0), .449, .6, .1)) - .004, box(q - vec3(-.03, .47, .44), vec3(.11, .012, .2), .005)), DEEP);
  put(all, max(abs(can(p - vec3(0, .5, 0), .449, .6, .1)) - .004, box(q - vec3(-.06, .41, .44), vec3(.08, .012, .2), .005)), DEEP);
  return all;
}
//// board
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(-.05, .60, -.10); q.yz *= turn(-.26); q.xz *= turn(.12);
  float d = box(q, vec3(.44, .56, .05), .045);
  d = melt(d, box(q - vec3(0, .60, 0), vec3(.13, .15, .05), .045), .1);
  d = max(d, -length((q - vec3(0, .64, 0)).xy) + .05);
  d = max(d, -(abs(box(vec3(q.xy, 0.), vec3(.37, .48, 1.), .04)) - .012 + max(0., .045 - q.z)));
  vec2 cell = floor(q.xy * 7.); bool odd = mod(cell.x + cell.y, 2.) < 1.;
  put(all, d, odd ? WOOD : CORK);
  put(all, egg(p - vec3(.46, .17, .36), vec3(.22, .17, .17)), ACCENT);
  put(all, egg(p - vec3(.68, .17, .36), vec3(.05, .035, .035)), ACCENT);
  put(all, egg(p - vec3(.14, .15, .52), vec3(.16, .15, .15)), PALE);
  return all;
}
//// lamp
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.);
  float base = melt(egg(p - vec3(0, .30, 0), vec3(.29, .28, .29)), can(p - vec3(0, .03, 0), .22, .03, .02), .08);
  put(all, melt(base, can(p - vec3(0, .60, 0), .06, .08, .01), .10), ACCENT);
  put(all, can(p - vec3(0, .70, 0), .028, .12, .005), BRASS);
  float shade = cone(p - vec3(0, 1.00, 0), .30, .54, .33, .01);
  put(all, max(shade, -cone(p - vec3(0, 1.00, 0), .33, .53, .31, .01)), LIGHT);
  put(all, sphere(p - vec3(0, .92, 0), .13), FLAME);
  put(all, ring(p - vec3(0, .71, 0), .525, .012), BRASS);
  return all;
}
//// chair
vec2 motif(vec3 p) {
  p /= 1.06; p.xz *= turn(.55);
  vec2 all = vec2(1e3, 0.); vec3 q = vec3(abs(p.x), p.yz);
  put(all, melt(box(p - vec3(0, .55, 0), vec3(.36, .04, .34), .04), egg(p - vec3(0, .57, 0), vec3(.3, .03, .28)), .04), ACCENT);
  put(all, taper(q, vec3(.27, .53, .25), vec3(.35, .02, .33), .036, .024), WOOD);
  put(all, taper(q, vec3(.27, .53, -.25), vec3(.35, .02, -.36), .036, .024), WOOD);
  put(all, taper(q, vec3(.27, .55, -.29), vec3(.29, 1.14, -.42), .032, .022), WOOD);
  put(all, rod(q, vec3(.10, .56, -.29), vec3(.11, 1.0, -.41), .016), WOOD);
  put(all, rod(p, vec3(-.31, .24, 0.), vec3(.31, .24, 0.), .016), WOOD);
  put(all, rod(q, vec3(.32, .24, .29), vec3(.32, .24, -.31), .016), WOOD);
  vec3 b = p - vec3(0, 1.10, -.02); float back = abs(length(b.xz - vec2(0, .35)) - .80) - .022;
  put(all, max(max(back, abs(b.y) - .11), max(b.z, abs(b.x) - .36)) * .9 - .012, ACCENT);
  return all;
}
//// vase
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.);
  float d = melt(egg(p - vec3(0, .30, 0), vec3(.34, .30, .34)), cone(p - vec3(0, .60, 0), .16, .20, .13, .03), .16);
  d = melt(d, ring(p - vec3(0, .76, 0), .13, .03), .04);
  put(all, max(d + .012 * sin(atan(p.z, p.x) * 14.) * smoothstep(.75, .5, p.y) * smoothstep(.0, .2, p.y), -can(p - vec3(0, .76, 0), .10, .2, .0)) * .85, ACCENT);
  for (int i = 0; i < 5; i++) {
    float a = float(i) * 1.257 + .4, h = 1.02 + .18 * float((i * 3) % 5) / 4.;
    vec3 top = vec3(cos(a) * .30, h, sin(a) * .24);
    put(all, bent(p, vec3(0, .70, 0), vec3(cos(a) * .06, .9, sin(a) * .05), top, .012, .010), LEAF);
    vec3 f = p - top;
    float bud = sphere(f, .085) + .018 * sin(f.x * 50.) * sin(f.y * 50.) * sin(f.z * 50.);
    put(all, bud * .7, i % 2 == 0 ? PALE : CREAM);
    vec3 l = p - mix(vec3(0, .72, 0), top, .55); l.xz *= turn(-a); l.xy *= turn(-.7);
    put(all, egg(l - vec3(.08, 0, 0), vec3(.11, .014, .042)) * .6, LEAF);
  }
  return all;
}
//// clock
vec2 motif(vec3 p) {
  p.xz *= turn(-.12);
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(0, .66, 0); q.yz *= turn(-.10); vec3 c = q.xzy;
  put(all, max(can(c, .56, .13, .05), -can(c - vec3(0, .12, 0), .485, .06, .01)), ACCENT);
  put(all, can(c, .50, .075, .0), CREAM);
  float a = atan(q.x, q.y), n = 3.14159 / 6., k = mod(a + n / 2., n) - n / 2., r = length(q.xy);
  vec2 t = vec2(r * sin(k), r * cos(k)); bool quarter = mod(floor((a + n / 2.) / n), 3.) == 0.;
  put(all, box(vec3(t.x, t.y - .405, q.z - .078), vec3(quarter ? .016 : .009, quarter ? .045 : .025, .006), .004), DARK);
  vec3 h = q - vec3(0, 0, .095); h.xy *= turn(-.75);
  put(all, taper(h, vec3(0, -.08, 0), vec3(0, .33, 0), .020, .009), DEEP);
  put(all, can((q - vec3(0, 0, .10)).xzy, .042, .018, .008), BRASS);
  put(all, taper(vec3(abs(p.x), p.yz), vec3(.30, .20, 0), vec3(.40, .02, .05), .05, .03), WOOD);
  return all;
}
//// cushion
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(0, .60, 0); q.yz *= turn(-.30); q.xz *= turn(.28); q.xy *= turn(.05);
  vec2 s = q.xy / .60; float edge = 1. - pow(clamp(abs(s.x), 0., 1.), 3.) , edge2 = 1. - pow(clamp(abs(s.y), 0., 1.), 3.);
  float thick = .015 + .25 * sqrt(max(edge * edge2, 0.));
  vec2 pinch = .57 - .05 * (1. - s.yx * s.yx);
  float flat2 = length(max(abs(q.xy) - pinch + .04, 0.)) - .04;
  float crease = .008 * sin(14. * (abs(s.x) - abs(s.y))) * smoothstep(.4, 1.2, length(s));
  float d = max(flat2, abs(q.z) - thick + crease) * .55;
  put(all, d, abs(q.x + .20) < .035 || abs(q.x + .32) < .015 ? CREAM : LINEN);
  return all;
}
//// candle
vec2 motif(vec3 p) {
  p.xz *= turn(.5);
  vec2 all = vec2(1e3, 0.);
  float cup = max(can(p - vec3(0, .42, 0), .42, .42, .06), -can(p - vec3(0, .66, 0), .375, .30, .04));
  put(all, cup, ACCENT);
  put(all, can(p - vec3(0, .66, 0), .38, .05, .01) + .01 * smoothstep(.2, .0, length(p.xz)), WAX);
  put(all, bent(p, vec3(0, .70, 0), vec3(.0, .80, 0), vec3(.025, .82, 0), .013, .011), DARK);
  vec3 f = p - vec3(.02, .93, 0); f.xz *= 1. + .9 * clamp(f.y + .02, 0., .3) * 3.;
  put(all, egg(f, vec3(.055, .13, .055)) * .6, FLAME);
  vec3 q = p; q.xz *= turn(-.9);
  put(all, max(abs(can(p - vec3(0, .42, 0), .424, .5, .06)) - .004, box(q - vec3(0, .40, .42), vec3(.20, .14, .2), .015)), PAPER);
  put(all, max(abs(can(p - vec3(0, .42, 0), .428, .5, .06)) - .004, box(q - vec3(0, .44, .42), vec3(.11, .011, .2), .004)), DARK);
  put(all, max(abs(can(p - vec3(0, .42, 0), .428, .5, .06)) - .004, box(q - vec3(0, .37, .42), vec3(.07, .008, .2), .004)), DARK);
  return all;
}
//// tent
vec2 motif(vec3 p) {
  p.xz *= turn(.62);
  vec2 all = vec2(1e3, 0.);
  float w = .62, h = .86, l = .66; vec3 q = vec3(abs(p.x), p.y, p.z);
  float sag = .05 * sin(clamp(p.y / h, 0., 1.) * 3.14159);
  float side = dot(q.xy - vec2(w - sag, 0), normalize(vec2(h, w)));
  float ridge = .03 * (1. - pow(p.z / l, 2.));
  float body = max(max(side, abs(p.z) - l + .10 * p.y), -p.y) ;
  bool door = p.z > .40 && q.x < .30 * (1. - p.y / .74) && p.y < .72;
  bool seam = abs(abs(p.z) - .22) < .012;
  put(all, (body + ridge) * .75 - .012, door ? DARK : (seam || (p.z > .4 && q.x < .34 * (1. - p.y / .80) + .015) ? DEEP : (p.y < .13 ? PALE : ACCENT)));
  put(all, rod(vec3(p.xy, abs(p.z)), vec3(0, h - .02, l - .12), vec3(0, .86, l - .12), .03), DARK);
  put(all, rod(vec3(p.xy, abs(p.z)), vec3(0, h - .05, l - .13), vec3(0, .0, l + .30), .007), CREAM);
  put(all, rod(q, vec3(.25, .48, .0), vec3(.86, .0, .0), .007), CREAM);
  return all;
}
//// backpack
vec2 motif(vec3 p) {
  p.xz *= turn(.42);
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(0, .58, 0);
  float w = .40 - .05 * q.y;
  put(all, box(q * vec3(.40 / w, 1., 1.), vec3(.40, .57, .24), .17) * .85, ACCENT);
  put(all, box(p - vec3(0, .36, .24), vec3(.29, .24, .13), .09), DEEP);
  put(all, box(p - vec3(0, .53, .30), vec3(.30, .075, .10), .05), ACCENT);
  put(all, box(p - vec3(0, .97, .10), vec3(.385, .14, .22), .12), DEEP);
  vec3 s = vec3(abs(p.x), p.yz);
  put(all, box(s - vec3(.17, .72, .262), vec3(.028, .24, .012), .008), WOOD);
  put(all, box(s - vec3(.17, .66, .278), vec3(.045, .035, .014), .01), BRASS);
  put(all, box(p - vec3(0, .47, .40), vec3(.04, .028, .014), .01), BRASS);
  put(all, bent(p, vec3(-.10, 1.10, -.02), vec3(0, 1.34, -.02), vec3(.10, 1.10, -.02), .026, .026), WOOD);
  put(all, bent(s, vec3(.22, 1.04, -.20), vec3(.56, .74, -.46), vec3(.30, .16, -.22), .04, .03), WOOD);
  put(all, can(p - vec3(.47, .33, .02), .10, .24, .03), STEEL);
  put(all, can(p - vec3(.47, .60, .02), .07, .04, .02), DARK);
  put(all, box(p - vec3(.44, .22, .02), vec3(.13, .14, .14), .06), DEEP);
  return all;
}
//// flask
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.);
  put(all, melt(can(p - vec3(0, .46, 0), .27, .46, .06), can(p - vec3(0, .96, 0), .17, .06, .02), .10), p.y > .07 && p.y < .88 ? ACCENT : STEEL);
  put(all, can(p - vec3(0, .985, 0), .185, .025, .01), STEEL);
  put(all, can(p - vec3(0, 1.10, 0), .19, .11, .03) - .004 * sin(atan(p.z, p.x) * 40.), DARK);
  vec3 q = p - vec3(0, 1.22, 0);
  put(all, length(vec2(length(q.xy) - .13, q.z)) - .024, WOOD);
  vec3 r = p; r.xz *= turn(-.32);
  put(all, max(abs(can(p - vec3(0, .46, 0), .272, .5, .06)) - .003, max(abs(r.x) + .55 * r.y - .36, max(.26 - r.y, -r.z))), CREAM);
  return all;
}
//// compass
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(0, .46, .10); q.yz *= turn(-.95); q.xz *= turn(.2);
  put(all, max(can(q, .58, .11, .04), -can(q - vec3(0, .10, 0), .50, .07, .01)), BRASS);
  put(all, can(q, .51, .055, .0), CREAM);
  float a = atan(q.x, q.z), n = 3.14159 / 8., k = mod(a + n / 2., n) - n / 2., r = length(q.xz);
  vec2 t = vec2(r * sin(k), r * cos(k)); bool big = mod(floor((a + n / 2.) / n), 4.) == 0.;
  put(all, box(vec3(t.x, q.y - .056, t.y - .43), vec3(big ? .016 : .007, .005, big ? .05 : .025), .003), DARK);
  put(all, abs(r - .34) < .004 ? max(q.y - .059, -(q.y + .1)) : 1e3, DARK);
  vec3 h = q - vec3(0, .095, 0); h.xz *= turn(.55);
  float tip = max(abs(h.x) * 1.0 + abs(h.z) * .17 - .062, abs(h.y) - .010) * .8;
  put(all, tip, h.z < 0. ? DEEP : ACCENT);
  put(all, can(q - vec3(0, .10, 0), .04, .03, .01), BRASS);
  put(all, length(vec2(length(q.xz - vec2(0, -.70)) - .10, q.y)) - .026, BRASS);
  put(all, can(q - vec3(0, 0, -.60), .05, .06, .02), BRASS);
  put(all, box(p - vec3(0, .10, -.42), vec3(.42, .10, .16), .05), WOOD);
  return all;
}
//// lantern
vec2 motif(vec3 p) {
  p.xz *= turn(.4);
  vec2 all = vec2(1e3, 0.);
  put(all, melt(can(p - vec3(0, .07, 0), .36, .07, .03), cone(p - vec3(0, .19, 0), .08, .32, .26, .02), .03), ACCENT);
  put(all, can(p - vec3(0, .50, 0), .24, .26, .10), LIGHT);
  float a = mod(atan(p.z, p.x), 1.5708) - .7854, r = length(p.xz);
  put(all, rod(vec3(r * cos(a), p.y, r * sin(a)), vec3(.285, .20, 0), vec3(.285, .78, 0), .018), DARK);
  put(all, ring(p - vec3(0, .40, 0), .285, .012), DARK);
  put(all, ring(p - vec3(0, .60, 0), .285, .012), DARK);
  put(all, cone(p - vec3(0, .86, 0), .09, .33, .16, .03), ACCENT);
  put(all, can(p - vec3(0, .98, 0), .12, .05, .02), DEEP);
  vec3 q = p - vec3(0, .80, 0); q.y = max(q.y - .0, -.2);
  put(all, max(length(vec2(length((p - vec3(0, .92, 0)).xy) - .36, p.z)) - .018, .86 - p.y), STEEL);
  return all;
}
//// blanket
vec2 motif(vec3 p) {
  p.xz *= turn(.5);
  vec2 all = vec2(1e3, 0.);
  for (int i = 0; i < 4; i++) {
    float y = .10 + .175 * float(i), s = .02 * sin(float(i) * 2.3);
    vec3 q = p - vec3(s, y, 0.);
    float d = box(q, vec3(.60 + s, .085, .42), .08) + .005 * sin(p.x * 9. + float(i)) ;
    float band = mod(abs(q.x + .1 * float(i % 2)), .34);
    put(all, d * .9, band > .26 ? (band > .30 ? DEEP : CREAM) : LINEN);
  }
  vec3 e = p - vec3(0, .70, 0);
  put(all, box(e - vec3(-.0, -.26, .425), vec3(.20, .34, .018), .015), DEEP);
  put(all, box(e - vec3(0, .045, .16), vec3(.20, .022, .28), .015), DEEP);
  put(all, box(e - vec3(0, -.20, .445), vec3(.12, .08, .010), .01), PAPER);
  return all;
}
//// notebook
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(-.06, .62, -.02); q.yz *= turn(-.24); q.xz *= turn(.42);
  put(all, box(q - vec3(0, 0, .085), vec3(.43, .61, .016), .015), ACCENT);
  put(all, box(q - vec3(0, 0, -.085), vec3(.43, .61, .016), .015), ACCENT);
  put(all, box(q - vec3(-.42, 0, 0), vec3(.022, .61, .10), .02), DEEP);
  put(all, box(q - vec3(.0, 0, 0), vec3(.40, .585, .075), .006) + .0018 * sin(q.z * 330.), PAPER);
  put(all, box(q - vec3(.30, 0, 0), vec3(.022, .616, .108), .006), DEEP);
  put(all, box(q - vec3(-.08, .24, .103), vec3(.17, .10, .004), .003), CREAM);
  put(all, box(q - vec3(-.08, .26, .108), vec3(.11, .008, .003), .002), DARK);
  put(all, box(q - vec3(-.10, .21, .108), vec3(.07, .008, .003), .002), DARK);
  put(all, box(q - vec3(-.20, -.68, 0.02), vec3(.018, .12, .006), .004), PALE);
  put(all, rod(p, vec3(.26, .035, .50), vec3(.86, .035, .22), .034), WOOD);
  put(all, taper(p, vec3(.26, .035, .50), vec3(.16, .035, .547), .034, .006), CREAM);
  return all;
}
//// pen
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.);
  vec3 a = vec3(-.62, .14, .42), b = vec3(.62, .80, -.42), d = normalize(b - a); float len = length(b - a), s = dot(p - a, d);
  float r = .095;
  put(all, taper(p, a + d * .34, a + d * (len * .62), .085, r), BRASS);
  put(all, rod(p, a + d * (len * .64), b, r + .004), ACCENT);
  put(all, max(rod(p, a + d * .2, b, r + .012), abs(s - len * .63) - .022), DEEP);
  put(all, max(rod(p, a + d * .2, b, r + .008), abs(s - len * .97) - .018), BRASS);
  put(all, taper(p, a + d * .12, a + d * .34, .040, .080), DARK);
  put(all, taper(p, a - d * .02, a + d * .13, .004, .036), STEEL);
  vec3 up = normalize(cross(d, vec3(0, 0, 1)) * -1. + vec3(0, .2, .5)); vec3 side = normalize(up - d * dot(up, d)) * (r + .035);
  put(all, rod(p, b - d * .08 + side, b - d * .50 + side, .020), BRASS);
  put(all, rod(p, b - d * .08, b - d * .08 + side, .022), BRASS);
  put(all, box(p - vec3(.20, .16, -.10), vec3(.20, .16, .16), .05), WOOD);
  put(all, box(p - vec3(-.05, .03, .1), vec3(.72, .03, .50), .025), PAPER);
  return all;
}
//// headphones
vec2 motif(vec3 p) {
  p.xz *= turn(.45);
  vec2 all = vec2(1e3, 0.); vec3 q = p - vec3(0, .62, 0), s = vec3(abs(q.x), q.yz);
  float band = length(vec2(length(q.xy * vec2(1., .92)) - .52, q.z * .55)) - .045;
  put(all, max(band, -q.y + .02) * .9, ACCENT);
  put(all, max(length(vec2(length(q.xy * vec2(1., .92)) - .475, q.z * .5)) - .038, -q.y + .30) * .8, DARK);
  put(all, rod(s, vec3(.52, .10, 0), vec3(.545, -.18, 0), .028), STEEL);
  vec3 c = s - vec3(.50, -.28, 0); c.xy *= turn(.10); vec3 k = c.yxz * vec3(.82, 1., 1.);
  put(all, can(k - vec3(0, .055, 0), .27, .075, .05) * .85, ACCENT);
  put(all, can(k - vec3(0, .135, 0), .17, .012, .01) * .85, STEEL);
  put(all, (length(vec2(length((k - vec3(0, -.07, 0)).xz) - .19, k.y + .07)) - .085) * .85, DARK);
  return all;
}
//// camera
vec2 motif(vec3 p) {
  p.xz *= turn(.38); p.y -= .02;
  vec2 all = vec2(1e3, 0.);
  float bump = .003 * sin(p.x * 90.) * sin(p.y * 90.);
  put(all, box(p - vec3(0, .40, 0), vec3(.68, .30, .19), .09) + bump, ACCENT);
  put(all, box(p - vec3(0, .74, 0), vec3(.67, .075, .18), .04), STEEL);
  put(all, box(p - vec3(0, .06, 0), vec3(.67, .05, .18), .03), STEEL);
  put(all, box(p - vec3(0, .85, 0), vec3(.19, .09, .15), .05), STEEL);
  put(all, box(p - vec3(0, .85, .15), vec3(.12, .05, .02), .01), DARK);
  vec3 l = (p - vec3(0, .40, 0)).xzy;
  put(all, can(l - vec3(0, .22, 0), .31, .08, .02), STEEL);
  put(all, can(l - vec3(0, .36, 0), .27, .12, .02) - .003 * sin(atan(l.z, l.x) * 60.), DARK);
  put(all, max(can(l - vec3(0, .50, 0), .25, .06, .02), -can(l - vec3(0, .54, 0), .20, .06, .0)), STEEL);
  put(all, egg(l - vec3(0, .47, 0), vec3(.20, .05, .20)), WATER);
  put(all, can(p - vec3(.44, .85, 0), .11, .05, .015) - .002 * sin(atan(p.z, p.x - .44) * 40.), DARK);
  put(all, can(p - vec3(.60, .83, .08), .045, .03, .015), BRASS);
  put(all, can(p - vec3(-.46, .84, 0), .13, .045, .015) - .002 * sin(atan(p.z, p.x + .46) * 40.), DARK);
  vec3 s = vec3(abs(p.x), p.yz);
  put(all, bent(s, vec3(.69, .70, 0), vec3(.86, .40, .1), vec3(.78, .02, .42), .022, .022), WOOD);
  return all;
}
//// plant
vec2 motif(vec3 p) {
  vec2 all = vec2(1e3, 0.);
  float pot = max(cone(p - vec3(0, .26, 0), .26, .25, .36, .03), -cone(p - vec3(0, .34, 0), .22, .26, .32, .02));
  put(all, melt(pot, ring(p - vec3(0, .50, 0), .34, .035), .03), ACCENT);
  put(all, can(p - vec3(0, .43, 0), .30, .03, .01), DARK);
  for (int i = 0; i < 11; i++) {
    float a = float(i) * 2.39996 + .3, lift = .30 + .70 * float(i) / 10., out1 = .56 - .36 * float(i) / 10.;
    vec3 q = p - vec3(0, .44, 0); q.xz *= turn(-a);
    float x = q.x, y = q.y - lift * (1.45 * x / out1 - .72 * x * x / (out1 * out1)) * .82;
    float t = clamp(x / out1, 0., 1.), wide = .12 * sin(3.14159 * pow(t, .75)) + .008;
    float leaf = max(length(vec2(max(abs(q.z) - wide, 0.), y + .35 * q.z * q.z)) - .010, max(-x, x - out1));
    put(all, leaf * .32, LEAF);
  }
  return all;
}
//// tray
vec2 motif(vec3 p) {
  p.xz *= turn(.5);
  vec2 all = vec2(1e3, 0.);
  for (int i = 0; i < 2; i++) {
    vec3 q = p - vec3(0, .10 + .42 * float(i), 0);
    float d = max(box(q, vec3(.60, .10, .46), .05), -box(q - vec3(0, .06, .06), vec3(.56, .11, .46), .03));
    put(all, d, i == 0 ? DEEP : ACCENT);
    for (int k = 0; k < 3; k++) {
      vec3 s = q - vec3(.01 * float(k), -.03 + .024 * float(k), .03); s.xz *= turn(.05 * float(k + i) - .06);
      put(all, box(s, vec3(.47, .009, .38), .004), k == 1 && i == 1 ? PALE : PAPER);
    }
  }
  vec3 c = vec3(abs(p.x), p.y, abs(p.z + .05));
  put(all, rod(c, vec3(.55, .12, .34), vec3(.55, .50, .34), .026), BRASS);
  vec3 s = p - vec3(.02, .575, .05); s.xz *= turn(.4);
  put(all, rod(s, vec3(-.34, .03, 0), vec3(.26, .03, 0), .026), WOOD);
  put(all, taper(s, vec3(.26, .03, 0), vec3(.34, .03, 0), .026, .004), CREAM);
  return all;
}
//// parcel
vec2 motif(vec3 p) {
  p.xz *= turn(.55);
  vec2 all = vec2(1e3, 0.);
  put(all, box(p - vec3(0, .42, 0), vec3(.56, .42, .46), .02), CARD);
  put(all, box(p - vec3(0, .42, 0), vec3(.09, .424, .464), .01), ACCENT);
  put(all, box(p - vec3(.32, .56, .462), vec3(.14, .10, .004), .003), PAPER);
  put(all, box(p - vec3(.32, .58, .466), vec3(.09, .010, .003), .002), DARK);
  put(all, box(p - vec3(.30, .53, .466), vec3(.07, .010, .003), .002), DARK);
  return all;
}
