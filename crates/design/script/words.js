// The few words that the scripts say themselves, in the language of the page.

const german = {
  copied: "Kopiert",
  offline: "Keine Verbindung. Was Sie eingegeben haben, ist noch da; bitte erneut versuchen.",
  all: "Alle auswählen",
  found: (count) => (count === 1 ? "1 Treffer" : `${count} Treffer`),
  none: "Nichts gefunden",
  choices: "Auswahl",
  places: "Seiten und Schritte",
  chart: "Mit den Pfeiltasten von Wert zu Wert.",
};

const english = {
  copied: "Copied",
  offline: "No connection. What you typed is still here; please try again.",
  all: "Select all",
  found: (count) => (count === 1 ? "1 result" : `${count} results`),
  none: "Nothing found",
  choices: "Choices",
  places: "Pages and steps",
  chart: "The arrow keys go from value to value.",
};

export const words = document.documentElement.lang === "de" ? german : english;
