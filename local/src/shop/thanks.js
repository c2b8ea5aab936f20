"use strict";

// A shop's last page, where purchases are reported: a reader who comes back to it, or reloads it, has not bought twice.
(() => {
  const order = new URLSearchParams(location.search).get("order");
  if (!order) return;
  const outcome = document.getElementById("outcome");
  tenx.convert({ eventType: "purchase", value: 24.99, currency: "EUR", idempotencyKey: order }).then(
    ({ deduped, conversionId, campaignId, slug, value, currency }) => {
      outcome.textContent = deduped ? "This order was known already, and counts once." : "Your order is on its way, and is counted.";
      const receipt = document.getElementById("receipt");
      define(receipt, "Order", order);
      define(receipt, "Value", `${value} ${currency}`);
      define(receipt, "Credited to", `link ${slug}, campaign ${campaignId ?? "none"}`);
      define(receipt, "Conversion", conversionId);
    },
    (error) => (outcome.textContent = `Your order is on its way. ${error.message}`),
  );
})();
