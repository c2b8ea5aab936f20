"use strict";
document.getElementById("number").value ||= `A-${Date.now().toString(36).toUpperCase()}`;

tenx.resolve("shop-checkout").then(
  ({ action, ...decision }) => {
    if (action.type === "banner") {
      const offer = document.getElementById("offer");
      offer.querySelector("h2").textContent = action.title;
      offer.querySelector("p").textContent = action.text;
      offer.hidden = false;
    }
    const why = document.getElementById("why");
    define(why, "Reason", decision.reason ?? "no session, so no decision was requested");
    for (const { ruleId, matched, failedCondition, expected, actual } of decision.evaluated ?? []) {
      const outcome = matched ? "matches" : `${failedCondition}: expected ${JSON.stringify(expected)}, actual ${JSON.stringify(actual)}`;
      define(why, `Rule ${ruleId}`, outcome);
    }
    define(why, "Signals considered", decision.signalsConsidered ?? 0);
    define(why, "Segments", decision.segments?.join(", ") || "none");
    define(why, "Decision", decision.decisionId ?? "made in the browser");
  },
  (error) => define(document.getElementById("why"), "No decision", error.message),
);
