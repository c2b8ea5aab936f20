"use strict";

/** Adds a term and what is told of it to a list of definitions. */
function define(list, term, text) {
  const [dt, dd] = ["dt", "dd"].map((name) => document.createElement(name));
  dt.textContent = term;
  dd.textContent = text;
  list.append(dt, dd);
}

// What the snippet knows of this visit, at the foot of every page.
(() => {
  const show = () => {
    const list = document.createElement("dl");
    define(list, "Session", tenx.session ?? "none");
    define(list, "Click", tenx.ctx ?? "none yet");
    document.getElementById("panel").replaceChildren(list);
  };
  tenx.ready.then(show);
})();
