"use strict";
tenx.signal("view", { value: "guide" });
