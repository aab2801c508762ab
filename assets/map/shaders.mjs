// @ts-check
/**
 * The programs of the overlay. All place things alike: whole numbers minus the camera's centre, then a plain
 * 2-D turn and scale, in device pixels. Colours are premultiplied.
 */

const PLACE = `#version 300 es
precision highp float;
precision highp int;
uniform ivec2 u_centre;   // 2^-32 of the world
uniform vec2 u_scale;     // device pixels per 2^-32 of the world: times cos, times sin of the bearing
uniform vec2 u_size;      // device pixels of the canvas
const vec2 CORNERS[4] = vec2[4](vec2(-1, -1), vec2(1, -1), vec2(-1, 1), vec2(1, 1));
vec2 place(ivec2 at) {
  vec2 d = vec2(at - u_centre);
  return u_size * 0.5 + vec2(d.x * u_scale.x + d.y * u_scale.y, d.y * u_scale.x - d.x * u_scale.y);
}
vec4 clip(vec2 px) { return vec4(px.x / u_size.x * 2.0 - 1.0, 1.0 - px.y / u_size.y * 2.0, 0, 1); }
const vec4 NOWHERE = vec4(2, 2, 2, 1);
`;

const FETCH = `
uniform highp isampler2D u_things;   // 16 bytes a thing
const int TURN[6] = int[6](0, 1, 2, 2, 1, 3);
ivec4 thing() { int i = gl_VertexID / 6; return texelFetch(u_things, ivec2(i & 1023, i >> 10), 0); }
vec2 quad() { return CORNERS[TURN[gl_VertexID % 6]]; }
`;

/** Marks: sprites from the sheet; those that have a direction are turned. */
export const SPRITES = {
  vertex: `${PLACE}
${FETCH}
uniform vec4 u_sheet;     // first cell's corner (texels), cell (texels), cells in a row
uniform vec4 u_box;       // the part of the cell that is drawn, device pixels from its middle: left, top, right, bottom
uniform float u_bearing;  // radians
uniform float u_lift;     // device pixels from the place up to the cell's middle
uniform bool u_pointers;  // draw the pointers, not the marks themselves
out vec2 v_texel;
flat out float v_alpha;
void main() {
  ivec4 t = thing();
  int sprite = u_pointers ? (t.z >> 24) & 255 : (t.z >> 16) & 255;
  int alpha = t.w & 255;
  vec2 px = place(t.xy) - vec2(0, u_lift);
  float reach = u_sheet.z * 0.5;
  if (alpha == 0 || sprite == 255 || any(lessThan(px, vec2(-reach))) || any(greaterThan(px, u_size + reach))) {
    gl_Position = NOWHERE;
    return;
  }
  float row = floor((float(sprite) + 0.5) / u_sheet.w);
  vec2 at = mix(u_box.xy, u_box.zw, quad() * 0.5 + 0.5);
  v_texel = u_sheet.xy + (vec2(float(sprite) - row * u_sheet.w, row) + 0.5) * u_sheet.z + at;
  v_alpha = float(alpha) / 255.0;
  if (u_pointers || (t.w & 256) != 0) {
    float turn = radians(float(t.z & 65535) * 0.1) - u_bearing;
    float c = cos(turn);
    float s = sin(turn);
    at = vec2(at.x * c - at.y * s, at.x * s + at.y * c);
  }
  // On whole pixels the sprite is as sharp as it was drawn.
  gl_Position = clip(floor(px + 0.5) + at);
}`,
  fragment: `#version 300 es
precision mediump float;
uniform sampler2D u_image;
uniform highp vec2 u_texel;   // size of a texel
uniform float u_fade;         // 1, less where the layer is of another moment
in highp vec2 v_texel;
flat in float v_alpha;
out vec4 colour;
void main() { colour = textureLod(u_image, v_texel * u_texel, 0.0) * v_alpha * u_fade; }`,
};

/** Rings, discs and fields of view, computed to the pixel; few at a time. */
export const RINGS = {
  vertex: `${PLACE}
layout(location = 0) in ivec2 a_at;
layout(location = 1) in vec4 a_shape;   // radius, width (device pixels; width 0: filled), direction, half angle (radians)
layout(location = 2) in vec4 a_colour;
uniform float u_bearing;
flat out vec4 v_shape;
flat out vec4 v_colour;
out vec2 v_px;
void main() {
  float reach = a_shape.x + a_shape.y + 2.0;
  v_px = CORNERS[gl_VertexID] * reach;
  v_shape = vec4(a_shape.xy, a_shape.z - u_bearing, a_shape.w);
  v_colour = vec4(a_colour.rgb * a_colour.a, a_colour.a);
  gl_Position = a_colour.a == 0.0 ? NOWHERE : clip(place(a_at) + v_px);
}`,
  fragment: `#version 300 es
precision highp float;
flat in vec4 v_shape;
flat in vec4 v_colour;
in vec2 v_px;
out vec4 colour;
void main() {
  float r = length(v_px);
  float inside = v_shape.y > 0.0 ? v_shape.y * 0.5 - abs(r - v_shape.x) : v_shape.x - r;
  float cover = clamp(inside + 0.5, 0.0, 1.0);
  if (v_shape.w < 3.1) {
    float away = atan(v_px.x, -v_px.y) - v_shape.z;
    away = abs(mod(away + 3.14159265, 6.2831853) - 3.14159265);
    cover *= clamp((v_shape.w - away) * r + 0.5, 0.0, 1.0) * (1.0 - 0.75 * r / v_shape.x);
  }
  if (cover <= 0.0) discard;
  colour = v_colour * cover;
}`,
};

/** Tags: one quad a letter; the first pass draws all halos, the second all letters, so that no halo eats a letter. */
export const LETTERS = {
  vertex: `${PLACE}
${FETCH}
uniform vec2 u_cells[95];  // left edge and width of each letter's cell, texels
uniform float u_height;    // of all cells, texels
uniform vec3 u_palette[8];
flat out vec4 v_colour;
out vec2 v_texel;
void main() {
  ivec4 t = thing();
  vec2 off = vec2((t.z << 16) >> 16, t.z >> 16);  // device pixels from the thing to the letter's cell
  vec2 corner = quad() * 0.5 + 0.5;
  vec2 cell = u_cells[t.w & 255];
  vec2 size = corner * vec2(cell.y, u_height);
  v_texel = vec2(cell.x, 0) + size;
  v_colour = vec4(u_palette[(t.w >> 8) & 255], float((t.w >> 16) & 255) / 255.0);
  gl_Position = clip(floor(place(t.xy) + 0.5) + off + size);
}`,
  fragment: `#version 300 es
precision highp float;
uniform sampler2D u_image;   // red: the letter, green: the letter and its halo
uniform highp vec2 u_texel;  // size of a texel
uniform vec4 u_halo;         // colour and 1 while halos are drawn, else 0
flat in vec4 v_colour;
in vec2 v_texel;
out vec4 colour;
void main() {
  vec4 t = textureLod(u_image, v_texel * u_texel, 0.0);
  float a = (u_halo.w > 0.5 ? t.g : t.r) * v_colour.a;
  if (a <= 0.004) discard;
  colour = vec4((u_halo.w > 0.5 ? u_halo.rgb : v_colour.rgb) * a, a);
}`,
};
