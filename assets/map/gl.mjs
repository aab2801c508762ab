// @ts-check
/** The little of WebGL2 that the overlay needs: a program with its uniforms, instanced attributes, a texture. */

/**
 * @param {WebGL2RenderingContext} gl
 * @param {{ vertex: string, fragment: string }} source
 */
export function program(gl, source) {
  const made = gl.createProgram();
  for (const [type, text] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, source.vertex],
    [gl.FRAGMENT_SHADER, source.fragment],
  ])) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("no shader: the graphics context is lost");
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    const log = (gl.getAttachedShaders(made) ?? []).map((s) => gl.getShaderInfoLog(s)).join("\n");
    throw new Error(`shader does not link: ${gl.getProgramInfoLog(made)} ${log}`);
  }
  /** @type {Map<string, WebGLUniformLocation | null>} */
  const places = new Map();
  return {
    made,
    /** @param {string} name */
    at(name) {
      if (!places.has(name)) places.set(name, gl.getUniformLocation(made, name));
      return places.get(name) ?? null;
    },
  };
}

/** @typedef {{ size: number, type: number, offset: number, whole?: boolean, normal?: boolean }} Attribute */

/**
 * A buffer of instances with its attributes, one instance a quad.
 * @param {WebGL2RenderingContext} gl
 * @param {number} stride bytes
 * @param {Attribute[]} attributes by location
 */
export function instanced(gl, stride, attributes) {
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  attributes.forEach((a, location) => {
    gl.enableVertexAttribArray(location);
    if (a.whole) gl.vertexAttribIPointer(location, a.size, a.type, stride, a.offset);
    else gl.vertexAttribPointer(location, a.size, a.type, a.normal ?? false, stride, a.offset);
    gl.vertexAttribDivisor(location, 1);
  });
  gl.bindVertexArray(null);
  let room = 0;
  let count = 0;
  return {
    /** Gives the card `n` instances. @param {Uint8Array} bytes @param {number} n */
    set(bytes, n) {
      count = n;
      if (!n) return;
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      if (bytes.byteLength > room) {
        room = bytes.byteLength;
        gl.bufferData(gl.ARRAY_BUFFER, room, gl.DYNAMIC_DRAW);
      }
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, bytes, 0, n * stride);
    },
    draw() {
      if (!count) return;
      gl.bindVertexArray(array);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    },
    get count() {
      return count;
    },
  };
}

/** Things in a row of their texture. */
const ROW = 1024;

/**
 * Things of 16 bytes that a vertex shader fetches by itself, one quad each (`gl_VertexID / 6`).
 * Not instanced: software renderers start every instance anew, 25 us each, which is 250 ms for 10,000 units.
 * @param {WebGL2RenderingContext} gl
 */
export function fetched(gl) {
  const made = gl.createTexture();
  const nothing = gl.createVertexArray();
  let rows = 0;
  let count = 0;
  return {
    /** Gives the card the first `n` things of `bytes`. @param {Uint8Array} bytes @param {number} n */
    set(bytes, n) {
      count = n;
      if (!n) return;
      gl.bindTexture(gl.TEXTURE_2D, made);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
      if (n > rows * ROW) {
        rows = 2 ** Math.ceil(Math.log2(n / ROW + 1));
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32I, ROW, rows, 0, gl.RGBA_INTEGER, gl.INT, null);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      }
      const words = new Int32Array(bytes.buffer, bytes.byteOffset, n * 4);
      const full = Math.floor(n / ROW);
      if (full) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, ROW, full, gl.RGBA_INTEGER, gl.INT, words);
      if (n % ROW) {
        const rest = words.subarray(full * ROW * 4);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, full, n % ROW, 1, gl.RGBA_INTEGER, gl.INT, rest);
      }
    },
    /** Draws a quad each; the things are on texture unit 1, whose sampler is `u_things`. */
    draw() {
      if (!count) return;
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, made);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindVertexArray(nothing);
      gl.drawArrays(gl.TRIANGLES, 0, count * 6);
    },
    get count() {
      return count;
    },
  };
}

/**
 * A texture of a canvas, premultiplied, never minified.
 * @param {WebGL2RenderingContext} gl
 */
export function texture(gl) {
  const made = gl.createTexture();
  return {
    width: 1,
    height: 1,
    /** @param {HTMLCanvasElement} image */
    set(image) {
      this.width = image.width;
      this.height = image.height;
      gl.bindTexture(gl.TEXTURE_2D, made);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    },
    bind() {
      gl.bindTexture(gl.TEXTURE_2D, made);
    },
  };
}
