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

/** Marks: an upright sprite and one turned over it, from the sheet. */
export const SPRITES = {
  vertex: `${PLACE}
layout(location = 0) in ivec2 a_at;
layout(location = 1) in uint a_turn;
layout(location = 2) in uvec4 a_look;   // upright sprite, turned sprite, alpha, unused
uniform vec4 u_sheet;     // first cell's corner (texels), cell (texels), cells in a row
uniform float u_bearing;  // radians
flat out vec4 v_cells;    // corners of the upright and of the turned cell
flat out vec3 v_look;     // cos and sin of the turn, alpha
flat out float v_turned;
out vec2 v_px;            // device pixels from the middle
vec2 cell(uint i) {
  float columns = u_sheet.w;
  float row = floor((float(i) + 0.5) / columns);
  return u_sheet.xy + vec2(float(i) - row * columns, row) * u_sheet.z;
}
void main() {
  float half_cell = u_sheet.z * 0.5;
  vec2 px = place(a_at);
  if (a_look.z == 0u || any(lessThan(px, vec2(-half_cell))) || any(greaterThan(px, u_size + half_cell))) {
    gl_Position = NOWHERE;
    return;
  }
  v_px = CORNERS[gl_VertexID] * half_cell;
  // On whole pixels the sprite is as sharp as it was drawn.
  gl_Position = clip(floor(px - half_cell + 0.5) + half_cell + v_px);
  float turn = radians(float(a_turn) * 0.1) - u_bearing;
  v_cells = vec4(cell(a_look.x), a_look.y == 255u ? vec2(0) : cell(a_look.y));
  v_look = vec3(cos(turn), sin(turn), float(a_look.z) / 255.0);
  v_turned = a_look.y == 255u ? 0.0 : 1.0;
}`,
  fragment: `#version 300 es
precision highp float;
uniform sampler2D u_image;
uniform vec4 u_sheet;
flat in vec4 v_cells;
flat in vec3 v_look;
flat in float v_turned;
in vec2 v_px;
out vec4 colour;
void main() {
  vec2 texel = 1.0 / vec2(textureSize(u_image, 0));
  float half_cell = u_sheet.z * 0.5;
  colour = textureLod(u_image, (v_cells.xy + half_cell + v_px) * texel, 0.0);
  if (v_turned > 0.5) {
    vec2 p = vec2(v_px.x * v_look.x + v_px.y * v_look.y, v_px.y * v_look.x - v_px.x * v_look.y);
    if (max(abs(p.x), abs(p.y)) < half_cell - 0.5) {
      vec4 over = textureLod(u_image, (v_cells.zw + half_cell + p) * texel, 0.0);
      colour = over + colour * (1.0 - over.a);
    }
  }
  colour *= v_look.z;
}`,
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
layout(location = 0) in ivec2 a_at;
layout(location = 1) in ivec2 a_off;     // device pixels from the thing to the letter's cell
layout(location = 2) in uvec4 a_letter;  // letter, colour, alpha, unused
uniform vec4 u_cells;     // cell width, cell height (texels), cells in a row, 0
uniform vec3 u_palette[8];
flat out vec4 v_colour;
out vec2 v_texel;
void main() {
  vec2 corner = CORNERS[gl_VertexID] * 0.5 + 0.5;
  float i = float(a_letter.x);
  float row = floor((i + 0.5) / u_cells.z);
  v_texel = (vec2(i - row * u_cells.z, row) + corner) * u_cells.xy;
  v_colour = vec4(u_palette[a_letter.y], float(a_letter.z) / 255.0);
  gl_Position = clip(floor(place(a_at) + 0.5) + vec2(a_off) + corner * u_cells.xy);
}`,
  fragment: `#version 300 es
precision highp float;
uniform sampler2D u_image;   // red: the letter, green: the letter and its halo
uniform vec4 u_halo;         // colour and 1 while halos are drawn, else 0
flat in vec4 v_colour;
in vec2 v_texel;
out vec4 colour;
void main() {
  vec4 t = textureLod(u_image, v_texel / vec2(textureSize(u_image, 0)), 0.0);
  float a = (u_halo.w > 0.5 ? t.g : t.r) * v_colour.a;
  if (a <= 0.004) discard;
  colour = vec4((u_halo.w > 0.5 ? u_halo.rgb : v_colour.rgb) * a, a);
}`,
};
