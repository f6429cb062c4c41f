/** How plain HTML looks. */
export const elements = `
*, *::before, *::after { box-sizing: border-box; }

html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }

body {
  margin: 0;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.55 var(--sans);
  overflow-wrap: break-word;
}

h1, h2, h3, p, ul, ol, dl, dd, figure, fieldset { margin: 0; padding: 0; }
h1 { font-size: var(--title); line-height: 1.2; letter-spacing: -0.015em; font-weight: 650; text-wrap: balance; }
h2 { font-size: var(--large); line-height: 1.3; font-weight: 620; }
p { text-wrap: pretty; }
ul, ol { padding-inline-start: 1.25em; }
fieldset { border: 0; min-width: 0; }
legend { padding: 0; font-weight: 600; }
code, pre, .code { font-family: var(--mono); font-size: 0.9em; }
code { overflow-wrap: anywhere; }

a { color: var(--accent); text-underline-offset: 0.18em; text-decoration-thickness: 0.06em; }
a:hover { color: var(--accent-strong); text-decoration-thickness: 0.12em; }

:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }

label { display: block; font-weight: 600; }

input:not([type="checkbox"], [type="radio"], [type="hidden"]), select, textarea {
  width: 100%;
  min-height: 2.75rem;
  padding: var(--s2) var(--s3);
  border: 1px solid var(--edge);
  border-radius: var(--radius);
  background: var(--surface);
  color: inherit;
  font: inherit;
}
input.code, textarea.code { font-family: var(--mono); font-size: 0.95rem; }
select {
  appearance: none;
  padding-inline-end: 2.25rem;
  background-image: linear-gradient(45deg, transparent 50%, var(--muted) 50%), linear-gradient(-45deg, transparent 50%, var(--muted) 50%);
  background-position: right 1.2rem center, right 0.85rem center;
  background-size: 0.36rem 0.36rem;
  background-repeat: no-repeat;
  text-overflow: ellipsis;
}
textarea { resize: vertical; line-height: 1.5; white-space: pre; overflow-x: auto; }
input[readonly] { background: var(--sunken); border-color: var(--line); }
input[aria-invalid], select[aria-invalid], textarea[aria-invalid] { border: 2px solid var(--danger); }
::placeholder { color: var(--muted); opacity: 1; }
input:focus-visible, select:focus-visible, textarea:focus-visible { outline-offset: 0; border-radius: var(--radius); }

input[type="checkbox"], input[type="radio"] {
  width: 1.25rem;
  height: 1.25rem;
  margin: 0.15rem 0 0;
  flex: none;
  accent-color: var(--accent);
}

button, .button, .confirm > summary {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 2.75rem;
  padding: var(--s2) 1.125rem;
  border: 1px solid transparent;
  border-radius: var(--radius);
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  line-height: 1.25;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
button:hover, .button:hover { background: var(--accent-strong); color: var(--on-accent); }
button:focus-visible, .button:focus-visible, summary:focus-visible { border-radius: var(--radius); }

details > summary { cursor: pointer; }
`;
