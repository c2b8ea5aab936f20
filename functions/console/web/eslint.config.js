import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const INLINE_STYLE = "The policy of the page refuses style attributes: use a class, or the style property, which sets it through CSSOM.";

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  {
    files: ["src/**/*.{ts,tsx}"],
    extends: [...tseslint.configs.recommended, reactHooks.configs.flat["recommended-latest"]],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "max-lines": ["error", { max: 300 }],
      "no-restricted-properties": ["error", { property: "innerHTML", message: "Trusted Types refuse it." }],
      "no-restricted-syntax": [
        "error",
        { selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value='style']", message: INLINE_STYLE },
        { selector: "JSXAttribute[name.name='style'][value.type='Literal']", message: INLINE_STYLE },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Trusted Types refuse it." },
      ],
    },
  },
  { files: ["e2e/**/*.mjs", "scripts/**/*.mjs"], extends: [tseslint.configs.base], rules: { "max-lines": ["error", { max: 300 }] } },
);
