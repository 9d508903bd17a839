// The words of the interface. A language is one file in words/, read after this one; a word that it lacks is English.

const LANGUAGES = {};  // code => its own name
const WORDS = {};      // code => word by key

let language = "en";
const say = (key) => WORDS[language][key] ?? WORDS.en[key] ?? key;
