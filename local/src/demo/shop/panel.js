"use strict";

/** Adds a term and its description to a definition list. */
function define(list, term, text) {
  const [dt, dd] = ["dt", "dd"].map((name) => document.createElement(name));
  dt.textContent = term;
  dd.textContent = text;
  list.append(dt, dd);
}

// The SDK's session and click of this visit, at the bottom of every page.
(() => {
  const show = () => {
    const list = document.createElement("dl");
    define(list, "Session", tenx.session ?? "none");
    define(list, "Click", tenx.ctx ?? "none yet");
    document.getElementById("panel").replaceChildren(list);
  };
  tenx.ready.then(show);
})();
