#version 300 es
// A still life in a studio: signed distances, one soft key light, a sky, a floor that runs up into a wall.
// Techniques: Inigo Quilez, "raymarching distance fields" (soft shadows, ambient occlusion, smooth minimum).
precision highp float;
uniform vec2 size;
uniform vec2 corner;
uniform float hue;
out vec4 pixel;

// Materials: what a surface is made of. ACCENT is the product's own colour.
const float FLOOR = 0., ACCENT = 1., CREAM = 2., WOOD = 3., STEEL = 4., DARK = 5., BRASS = 6., GLASS = 7., LEAF = 8.,
  PALE = 9., LINEN = 10., FLAME = 11., WAX = 12., DEEP = 13., CORK = 14., PAPER = 15., CARD = 16., LIGHT = 17., WATER = 18.;

vec3 hsl(float h, float s, float l) {
  vec3 k = mod(vec3(0., 8., 4.) + h / 30., 12.);
  return l - s * min(l, 1. - l) * max(vec3(-1.), min(min(k - 3., 9. - k), vec3(1.)));
}
vec3 lin(vec3 c) { return pow(c, vec3(2.2)); }
float hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p); f *= f * (3. - 2. * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1)), f.x), f.y);
}
mat2 turn(float a) { float c = cos(a), s = sin(a); return mat2(c, -s, s, c); }

float sphere(vec3 p, float r) { return length(p) - r; }
float egg(vec3 p, vec3 r) { float k = length(p / r), m = length(p / (r * r)); return k * (k - 1.) / max(m, 1e-4); }
float box(vec3 p, vec3 b, float r) { vec3 q = abs(p) - b + r; return length(max(q, 0.)) + min(max(q.x, max(q.y, q.z)), 0.) - r; }
float can(vec3 p, float r, float h, float e) {
  vec2 d = vec2(length(p.xz) - r + e, abs(p.y) - h + e);
  return min(max(d.x, d.y), 0.) + length(max(d, 0.)) - e;
}
float cone(vec3 p, float h, float low, float top, float e) {
  vec2 q = vec2(length(p.xz), p.y); low -= e; top -= e; h -= e;
  vec2 k1 = vec2(top, h), k2 = vec2(top - low, 2. * h);
  vec2 ca = vec2(q.x - min(q.x, q.y < 0. ? low : top), abs(q.y) - h);
  vec2 cb = q - k1 + k2 * clamp(dot(k1 - q, k2) / dot(k2, k2), 0., 1.);
  return (cb.x < 0. && ca.y < 0. ? -1. : 1.) * sqrt(min(dot(ca, ca), dot(cb, cb))) - e;
}
float ring(vec3 p, float big, float small) { return length(vec2(length(p.xz) - big, p.y)) - small; }
float rod(vec3 p, vec3 a, vec3 b, float r) {
  vec3 pa = p - a, ba = b - a;
  return length(pa - ba * clamp(dot(pa, ba) / dot(ba, ba), 0., 1.)) - r;
}
float taper(vec3 p, vec3 a, vec3 b, float ra, float rb) {
  vec3 pa = p - a, ba = b - a; float h = clamp(dot(pa, ba) / dot(ba, ba), 0., 1.);
  return length(pa - ba * h) - mix(ra, rb, h);
}
float bent(vec3 p, vec3 a, vec3 b, vec3 c, float ra, float rb) {
  float d = 1e3; vec3 last = a;
  for (int i = 1; i <= 10; i++) {
    float t = float(i) / 10.; vec3 now = mix(mix(a, b, t), mix(b, c, t), t);
    d = min(d, taper(p, last, now, mix(ra, rb, t - .1), mix(ra, rb, t))); last = now;
  }
  return d;
}
float melt(float a, float b, float k) { float h = max(k - abs(a - b), 0.) / k; return min(a, b) - h * h * k * .25; }
float carve(float a, float b, float k) { return -melt(-a, b, k); }
void put(inout vec2 all, float d, float material) { if (d < all.x) all = vec2(d, material); }

vec2 motif(vec3 p);

vec2 world(vec3 p) {
  vec2 all = vec2(p.y, FLOOR);
  // A ball around everything: what is far from it need not be asked for its details.
  float near = length(p - vec3(0, .6, 0)) - 1.15;
  if (near > .35) { put(all, near, ACCENT); return all; }
  vec2 thing = motif(p); put(all, thing.x, thing.y);
  return all;
}
vec3 normal(vec3 p) {
  vec2 e = vec2(1, -1) * .0006;
  return normalize(e.xyy * world(p + e.xyy).x + e.yyx * world(p + e.yyx).x + e.yxy * world(p + e.yxy).x + e.xxx * world(p + e.xxx).x);
}
float shadow(vec3 p, vec3 l) {
  float seen = 1., t = .012;
  for (int i = 0; i < 48; i++) {
    float d = world(p + l * t).x;
    seen = min(seen, 9. * d / t); t += clamp(d, .012, .14);
    if (seen < .003 || t > 3.2) break;
  }
  seen = clamp(seen, 0., 1.); return seen * seen * (3. - 2. * seen);
}
float open(vec3 p, vec3 n) {
  float o = 0., s = 1.;
  for (int i = 0; i < 6; i++) { float h = .01 + .16 * float(i) / 5.; o += (h - world(p + n * h).x) * s; s *= .8; }
  return clamp(1. - 1.7 * o, 0., 1.);
}
vec3 backdrop() { return lin(hsl(hue, .27, .82)); }
vec3 studio(vec3 d) {
  // What things mirror: a wall in the backdrop's colour and one large softbox at the upper left.
  vec3 c = mix(backdrop() * .55, vec3(1.), smoothstep(-.2, .9, d.y) * .75);
  vec2 q = vec2(dot(d, normalize(vec3(1, 0, .6))), d.y);
  return c + vec3(2.6) * smoothstep(.34, .24, abs(q.x + .45)) * smoothstep(.34, .26, abs(q.y - .55));
}
void look(float m, vec3 p, inout vec3 n, out vec3 colour, out float gloss, out float metal, out float glow) {
  gloss = .25; metal = 0.; glow = 0.; colour = backdrop();
  if (m == FLOOR) { gloss = 0.; }
  else if (m == ACCENT) { colour = lin(hsl(hue, .38, .47)); gloss = .5; }
  else if (m == DEEP) { colour = lin(hsl(hue, .32, .27)); gloss = .4; }
  else if (m == PALE) { colour = lin(hsl(hue, .40, .74)); gloss = .35; }
  else if (m == CREAM) { colour = lin(vec3(.95, .925, .87)); gloss = .4; }
  else if (m == PAPER) { colour = lin(vec3(.965, .955, .93)); gloss = .05; }
  else if (m == WOOD) {
    float g = noise(vec2(p.y * 3. + p.z * 5., p.x * 34.)) * .6 + noise(p.xz * 60. + p.y * 9.) * .4;
    colour = mix(lin(vec3(.66, .46, .28)), lin(vec3(.83, .64, .43)), g); gloss = .22;
  }
  else if (m == CORK) { colour = mix(lin(vec3(.70, .52, .35)), lin(vec3(.84, .68, .5)), noise(p.xy * 60. + p.z * 50.)); gloss = .05; }
  else if (m == CARD) { colour = lin(vec3(.78, .62, .45)) * (.94 + .06 * noise(p.xy * 40.)); gloss = .06; }
  else if (m == STEEL) { colour = vec3(.74, .75, .76); metal = .85; gloss = .8; }
  else if (m == BRASS) { colour = lin(vec3(.90, .73, .42)); metal = .8; gloss = .8; }
  else if (m == DARK) { colour = lin(vec3(.17, .18, .20)); gloss = .35; }
  else if (m == GLASS) { colour = mix(backdrop(), vec3(1.), .35); gloss = 1.; metal = .08; }
  else if (m == WATER) { colour = lin(hsl(hue, .42, .60)); gloss = 1.; metal = .08; }
  else if (m == LEAF) { colour = mix(lin(vec3(.24, .43, .28)), lin(vec3(.45, .62, .38)), noise(p.xy * 5.)); gloss = .3; }
  else if (m == LINEN || m == WAX) {
    colour = m == WAX ? lin(vec3(.96, .91, .80)) : lin(hsl(hue, .34, .62)); gloss = m == WAX ? .35 : .04;
    if (m == LINEN) {
      vec2 w = sin(vec2(p.x + .35 * p.z, p.y + .5 * p.z) * 190.);
      colour *= .93 + .07 * w.x * w.y + .06 * (noise(p.xy * 90. + p.z * 70.) - .5);
    }
  }
  else if (m == FLAME) { colour = vec3(1., .72, .28); glow = 1.6; }
  else if (m == LIGHT) { colour = lin(vec3(.98, .87, .68)); glow = .36 + .30 * smoothstep(1.25, .75, p.y); gloss = .02; }
}
vec3 shade(vec2 at) {
  vec2 uv = (2. * at - size) / size.y;
  vec3 from = vec3(1.55, 2.05, 4.6), to = vec3(.04, .55, 0.);
  vec3 w = normalize(to - from), u = normalize(cross(w, vec3(0, 1, 0))), v = cross(u, w);
  vec3 d = normalize(uv.x * u + uv.y * v + 4.75 * w);
  float t = 2.5; vec2 hit = vec2(0.); bool found = false;
  for (int i = 0; i < 130; i++) {
    hit = world(from + d * t);
    if (hit.x < .0006 * t) { found = true; break; }
    t += hit.x * .82; if (t > 30.) break;
  }
  vec3 wall = backdrop() * mix(1.04, .80, smoothstep(.1, 1.9, length(uv - vec2(-.35, .25))));
  vec3 p = from + d * t, n = normal(p), key = normalize(vec3(-.62, .95, .55));
  if (!found) return wall;
  vec3 colour; float gloss, metal, glow; look(hit.y, p, n, colour, gloss, metal, glow);
  float lit = max(dot(n, key), 0.), dark = lit > 0. ? shadow(p + n * .004, key) : 0., ao = open(p, n);
  if (hit.y == FLOOR) {
    // The floor is the wall, but for the shadows on it: no horizon.
    return wall * mix(.60, 1., dark) * mix(.62, 1., ao);
  }
  vec3 sky = mix(backdrop() * .75, vec3(1.), .5 + .5 * n.y);
  vec3 light = vec3(1.95, 1.84, 1.68) * lit * dark + sky * .58 * ao + backdrop() * .22 * max(-n.y, 0.) * ao
    + vec3(.30) * max(dot(n, normalize(vec3(.8, .25, .5))), 0.) * ao;
  vec3 h = normalize(key - d); float shine = mix(12., 140., gloss);
  float edge = pow(1. - max(dot(n, -d), 0.), 5.), f = mix(.04 + .50 * edge * gloss, 1., metal);
  vec3 mirror = studio(reflect(d, n)) * mix(.5, 1., ao);
  vec3 c = colour * light * (1. - metal) * .72 + mix(vec3(1.), colour, metal) * mirror * f * mix(.35, 1., gloss)
    + vec3(1.6) * gloss * pow(max(dot(n, h), 0.), shine) * dark * (1. - .6 * metal);
  return c + colour * glow;
}
void main() {
  vec3 sum = vec3(0.);
  for (int i = 0; i < 4; i++) sum += min(shade(gl_FragCoord.xy + corner + vec2(i & 1, i >> 1) * .5 - .25), vec3(1.6));
  vec3 c = sum / 4.; c = c * (1. + c * .12) / (1. + c * .30) * 1.16;
  pixel = vec4(pow(clamp(c, 0., 1.), vec3(1. / 2.2)), 1.);
}
