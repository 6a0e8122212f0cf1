// What a page tells of itself while it is measured; put into it before its own scripts. A plain script: no imports.
globalThis.probe = (() => {
  const longTasks = [];
  const shifts = [];
  const observe = (type, into) =>
    new PerformanceObserver((list) => into.push(...list.getEntries().map(({ startTime, duration, value, hadRecentInput }) => ({ startTime, duration, value, hadRecentInput })))).observe({ type, buffered: true });
  observe('longtask', longTasks);
  observe('layout-shift', shifts);

  let firstRow;
  const look = () => {
    if (document.querySelector('[data-id]')) firstRow = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  // By their places: a list that scrolls takes no pointer for a while.
  const rowAt = (x, y) =>
    [...document.querySelectorAll('[data-id]')].find((row) => {
      const { left, right, top, bottom } = row.getBoundingClientRect();
      return left <= x && x < right && top <= y && y < bottom;
    })?.dataset.id;
  const since = (entries, from) => entries.filter(({ startTime }) => startTime >= from);

  /** Milliseconds between frames for a while. */
  const frames = (ms) =>
    new Promise((done) => {
      const pauses = [];
      let first;
      let last;
      const frame = (at) => {
        first ??= at;
        if (last !== undefined) pauses.push(at - last);
        last = at;
        if (at - first < ms) requestAnimationFrame(frame);
        else done(pauses);
      };
      requestAnimationFrame(frame);
    });

  /** Which rows lie under a point at each frame of a while: one if it holds still. */
  const rowsUnder = (x, y, ms) =>
    new Promise((done) => {
      const seen = new Set();
      const end = performance.now() + ms;
      const frame = () => {
        seen.add(rowAt(x, y));
        if (performance.now() < end) requestAnimationFrame(frame);
        else done([...seen]);
      };
      frame();
    });

  /** Milliseconds from navigation to the first row with a main thread that then is free for 200 ms; undefined: not yet. */
  const interactive = () => {
    if (firstRow === undefined) return undefined;
    let free = firstRow;
    for (const { startTime, duration } of longTasks) if (startTime < free + 200) free = Math.max(free, startTime + duration);
    return performance.now() > free + 400 ? free : undefined;
  };

  return {
    frames,
    rowAt,
    rowsUnder,
    interactive,
    firstRow: () => firstRow,
    longTasksSince: (from) => since(longTasks, from).map(({ duration }) => duration),
    shiftsSince: (from) => since(shifts, from).filter(({ hadRecentInput }) => !hadRecentInput).map(({ value }) => value),
    forget: () => {
      longTasks.length = 0;
      shifts.length = 0;
    },
  };
})();
