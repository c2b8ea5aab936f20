"use strict";

// The confirmation page reports the purchase; the order number makes a reload count once.
(() => {
  const order = new URLSearchParams(location.search).get("order");
  if (!order) return;
  const outcome = document.getElementById("outcome");
  tenx.convert({ eventType: "purchase", value: 24.99, currency: "EUR", idempotencyKey: order }).then(
    ({ deduped, conversionId, campaignId, slug, value, currency }) => {
      outcome.textContent = deduped ? "This order was reported before, and counts once." : "Your order is on its way, and is counted.";
      const receipt = document.getElementById("receipt");
      define(receipt, "Order", order);
      define(receipt, "Value", `${value} ${currency}`);
      define(receipt, "Credited to", `link ${slug}, campaign ${campaignId ?? "none"}`);
      define(receipt, "Conversion", conversionId);
    },
    (error) => (outcome.textContent = `Your order is on its way. ${error.message}`),
  );
})();
