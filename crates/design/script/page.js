// What is done with a page whenever it is shown: when it was loaded, when it took the place of another one, when it lies over one as a dialog.

const acts = [];

/** Does this now, and with everything that is shown later: `act` gets the element that is new. */
export const whenShown = (act) => {
  acts.push(act);
  act(document);
};

/** Something is new on the page. */
export const shown = (place) => {
  for (const act of acts) act(place);
};
