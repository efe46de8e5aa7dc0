// The slider of "What if?": it and the field say the same, and both ask as one goes.
(() => {
  "use strict";
  const form = document.getElementById("what-if");
  const slider = document.getElementById("what-if-slider");
  const field = form && form.querySelector("input[name='price']");
  if (!form || !slider || !field) return;

  slider.hidden = false;
  let waiting = 0;
  const ask = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => htmx.trigger(form, "try"), 60);
  };
  const places = (slider.step.split(".")[1] || "").length;
  slider.addEventListener("input", () => {
    field.value = Number(slider.value).toFixed(places);
    ask();
  });
  field.addEventListener("input", () => {
    const price = Number(field.value.replace(/[$,]/g, ""));
    if (price > 0) {
      slider.value = price;
      ask();
    }
  });
})();
