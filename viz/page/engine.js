// The engine in its worker. A request that takes longer than PATIENCE ends the worker, and the next one begins a new one.

const PATIENCE = 10000;  // milliseconds

async function inflate(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// `await engine.start()` tells whether the browser lets it run; `await engine.ask(request)` is its answer to one request.
function makeEngine(wasm, source) {
  let worker = null;
  let begun = null;
  let number = 0;
  const waiting = new Map();

  const settleAll = (answer) => {
    for (const settle of waiting.values()) settle(answer);
    waiting.clear();
  };
  const end = (answer) => {
    worker?.terminate();
    worker = begun = null;
    settleAll(answer);
  };
  const send = (message) => new Promise((resolve) => {
    const id = ++number;
    const timer = setTimeout(() => end({ok: false, late: true, error: say("tooLong")}), PATIENCE);
    waiting.set(id, (answer) => { clearTimeout(timer); resolve(answer); });
    worker.postMessage({id, ...message});
  });
  const start = () => {
    if (begun) return begun;
    const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
    worker = new Worker(url);
    URL.revokeObjectURL(url);
    worker.onmessage = ({data}) => {
      const settle = waiting.get(data.id);
      waiting.delete(data.id);
      settle?.(data.answer);
      if (data.answer.broken) end(data.answer);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end({ok: false, error: event.message || say("refused")});
    };
    begun = send({wasm});
    return begun;
  };
  const ask = async (request) => {
    const ready = await start();
    return ready.ok ? send({request}) : ready;
  };
  return {start, ask};
}
