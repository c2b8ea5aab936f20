"use strict";
tenx.signal("view", { value: "field-notebook" });
document.getElementById("basket").addEventListener("submit", () => tenx.signal("intent", { value: "basket", confidence: 0.8 }));
