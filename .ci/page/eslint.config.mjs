// Rules for the page's scripts. tsc checks names and types; these rules forbid what tsc allows.
const MARKUP = "Set text with h() or svg() of elements.js: markup from data would be an injection.";

export default [
  { ignores: ["**/vendored/**"] },
  {
    files: ["**/*.js"],
    rules: {
      "complexity": ["error", 24],
      "consistent-return": "error",
      "eqeqeq": "error",
      "max-lines": ["error", 300],
      "no-console": "error",
      "no-eval": "error",
      "no-fallthrough": "error",
      "no-implicit-globals": "off",
      "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property, message: MARKUP }))],
      "no-unused-vars": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  { files: ["**/old_browser.js"], languageOptions: { sourceType: "script", ecmaVersion: 5 }, rules: { "no-var": "off" } },
];
