"""Make the shop's product pictures: `python -m scripts.pictures [NAME…]` writes app/shop/storefront/pictures/.

A motif is a few lines of motifs.glsl; scene.glsl is the studio around it. Chromium renders them (WebGL 2 in
software, so that every machine makes the same), Pillow writes WebP in two widths and a JPEG for browsers without WebP.
All of it takes a quarter of an hour; the results are committed, so that neither an image's build nor a test needs it.
"""

import base64
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "app" / "shop" / "storefront" / "pictures"

WIDTHS = (400, 800)
"""Pixels: a card on a desk, and the product's page or a card on a telephone with three pixels to the point."""

HUES = {
    **{"mug": 205, "kettle": 18, "bowl": 95, "carafe": 178, "jar": 42, "board": 28, "lamp": 36, "chair": 150},
    **{"vase": 330, "clock": 260, "cushion": 12, "candle": 48, "tent": 145, "backpack": 24, "flask": 195},
    **{"compass": 350, "lantern": 52, "blanket": 5, "notebook": 222, "pen": 45, "headphones": 285, "camera": 0},
    **{"plant": 130, "tray": 240, "parcel": 210},
}
"""Each motif's own colour, in degrees; there is a second one of each, half a turn and a bit away."""

SECOND = 155

DRAW = """
([source, side, hue]) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const gl = canvas.getContext("webgl2", {preserveDrawingBuffer: true, antialias: false});
  const program = gl.createProgram();
  const add = (kind, text) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  };
  add(gl.VERTEX_SHADER, `#version 300 es
    void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4. - 1., 0, 1); }`);
  add(gl.FRAGMENT_SHADER, source);
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.uniform2f(gl.getUniformLocation(program, "size"), side, side);
  gl.uniform1f(gl.getUniformLocation(program, "hue"), hue);
  gl.enable(gl.SCISSOR_TEST);
  for (let y = 0; y < side; y += 100) for (let x = 0; x < side; x += 100) {  // small pieces: no watchdog
    gl.scissor(x, y, 100, 100);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.finish();
  }
  return canvas.toDataURL("image/png");
}"""


def motifs() -> dict[str, str]:
    """The motifs' source by name."""
    text = (HERE / "motifs.glsl").read_text()
    return dict(re.findall(r"^//// (\w+)\n(.*?)(?=^//// |\Z)", text, re.MULTILINE | re.DOTALL))


def render(page: Page, motif: str, hue: int, side: int) -> Image.Image:
    """One motif in one colour, `side` pixels square."""
    source = (HERE / "scene.glsl").read_text() + motif
    drawn: str = page.evaluate(DRAW, [source, side, hue])
    return Image.open(io.BytesIO(base64.b64decode(drawn.partition(",")[2]))).convert("RGB")


def write(picture: Image.Image, name: str) -> Iterator[Path]:
    """The picture's files, each as it is written."""
    for width in WIDTHS:
        smaller = picture.resize((width, width), Image.Resampling.LANCZOS)
        smaller.save(TARGET / f"{name}-{width}.webp", quality=80, method=6)
        yield TARGET / f"{name}-{width}.webp"
        if width == WIDTHS[0]:
            smaller.save(TARGET / f"{name}-{width}.jpg", quality=78, progressive=True, optimize=True)
            yield TARGET / f"{name}-{width}.jpg"


def main(names: list[str]) -> None:
    """Make the pictures called `names`, all of them when there is none."""
    sources = motifs()
    TARGET.mkdir(exist_ok=True)
    flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page()
        page.set_default_timeout(0)
        for name in names or HUES:
            for hue in (HUES[name], (HUES[name] + SECOND) % 360):
                picture = render(page, sources[name], hue, WIDTHS[-1])
                sizes = [path.stat().st_size for path in write(picture, f"{name}-{hue}")]
                print(f"{name}-{hue}", *sizes, flush=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
