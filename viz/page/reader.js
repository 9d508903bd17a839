// The reader's place in a run: which step is shown, stepping, seeking, playing.

const BEAT = 800;  // milliseconds a step while it plays

// `show(index)` draws the record with that index. `model()` is the run that is shown; `flow()` the flow that is followed.
function makeReader({model, flow, show}) {
  let step = 0;
  let playing = 0;
  let onPlay = () => {};

  const record = (s) => model().trace[model().steps[s]];
  const goTo = (s) => {
    step = Math.max(0, Math.min(model().steps.length - 1, s));
    show(model().steps[step] ?? -1);
  };
  const seek = (direction, wanted = () => true) => {
    for (let s = step + direction; s >= 0 && s < model().steps.length; s += direction) {
      const r = record(s);
      if ((!flow() || r.flow === flow()) && wanted(r)) { goTo(s); return true; }
    }
    return false;
  };
  const stop = () => { clearInterval(playing); playing = 0; onPlay(false); };
  return {
    goTo, seek, stop,
    step: () => step,
    first: () => goTo(0),
    last: () => goTo(model().steps.length - 1),
    back: () => seek(-1),
    next: () => seek(1),
    nextTranslation: () => seek(1, (r) => r.kind === "translate" && rewriteText(r) !== ""),
    nextDrop: () => seek(1, (r) => r.kind === "drop"),
    toRecord: (index) => goTo(model().steps.findIndex((i) => i >= index)),
    toTime: (ns) => goTo(model().steps.findLastIndex((i) => model().trace[i].ns <= ns)),
    play() {
      if (playing) return stop();
      if (step >= model().steps.length - 1) goTo(0);
      playing = setInterval(() => { if (!seek(1)) stop(); }, BEAT);
      onPlay(true);
    },
    whenPlaying(told) { onPlay = told; },
  };
}
