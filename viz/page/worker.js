// The worker's end: starts the engine from the bytes that the page sends, then answers one request after the other.
// `MasqsimEngine` is the loader that emscripten writes before this text.

let engine = null;

// Texts go through the heap: on the stack a long file would not fit.
function withText(text, use) {
  const size = engine.lengthBytesUTF8(text) + 1;
  const at = engine._malloc(size);
  if (!at) throw new Error("out of memory");
  engine.stringToUTF8(text, at, size);
  const result = use(at);
  engine._free(at);
  return result;
}

const ask = (request) => withText(JSON.stringify(request), (at) => JSON.parse(engine.UTF8ToString(engine._masqsim_ask(at))));

const capture = (points) => withText(points.join("\n"), (at) => {
  const size = engine._malloc(4);
  const bytes = engine._masqsim_capture(at, size);
  const copy = engine.HEAPU8.slice(bytes, bytes + engine.HEAPU32[size >> 2]);
  engine._free(size);
  return {ok: true, bytes: copy};
});

self.onmessage = async ({data}) => {
  const tell = (answer) => self.postMessage({id: data.id, answer});
  try {
    if (data.wasm) {
      engine = await MasqsimEngine({wasmBinary: data.wasm});
      tell({ok: true});
    } else {
      tell(data.request.do === "capture" ? capture(data.request.points) : ask(data.request));
    }
  } catch (error) {
    tell({ok: false, broken: true, error: String(error.message || error)});  // what is left of it cannot be trusted
  }
};
