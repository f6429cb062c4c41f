/** The frame around every page, and what only one page has. */
export const frame = `
.skip { position: absolute; inset-inline-start: var(--s3); inset-block-start: -6rem; z-index: 1; padding: var(--s2) var(--s4);
  background: var(--surface); border-radius: var(--radius); }
.skip:focus { inset-block-start: var(--s2); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.site {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: var(--s1) var(--s5);
  padding: var(--s2) max(var(--s4), (100vw - 64rem) / 2);
  background: var(--surface);
  border-block-end: 1px solid var(--line);
}
.brand { display: inline-flex; align-items: center; gap: var(--s2); padding-block: var(--s2); color: var(--text);
  font-weight: 680; letter-spacing: -0.01em; text-decoration: none; }
.brand:hover { color: var(--text); }
.mark { color: var(--accent); }
.site nav { order: 3; flex-basis: 100%; }
.site nav ul { display: flex; flex-wrap: wrap; gap: 0; margin-inline: -0.4rem; padding: 0; list-style: none; }
.site nav a, .account a, .account button.link {
  display: inline-block;
  padding: var(--s2) 0.4rem;
  border-radius: var(--radius);
  color: var(--muted);
  font-size: 0.9375rem;
  text-decoration: none;
}
.site nav a:hover, .account a:hover { color: var(--text); background: var(--sunken); }
.site [aria-current] { color: var(--text); text-decoration: underline; text-decoration-color: var(--accent);
  text-decoration-thickness: 2px; text-underline-offset: 0.45em; }
.account { display: flex; gap: var(--s1); align-items: center; margin-inline-start: auto; }

main { flex: 1; width: 100%; max-width: 48rem; margin-inline: auto; padding: var(--s5) var(--s4) var(--s7); }
main.narrow { max-width: 34rem; }
main.wide { max-width: 64rem; }
main > * + * { margin-block-start: var(--s4); }
main > h2 { margin-block-start: var(--s6); }
.page { display: flex; flex-wrap: wrap; gap: var(--s3); align-items: center; justify-content: space-between; }
.back { display: inline-block; font-size: var(--small); text-decoration: none; }
.back::before { content: "← "; }
.lead { color: var(--muted); font-size: var(--large); }
.narrow .lead { font-size: 1rem; }
.aside { text-align: center; color: var(--muted); font-size: 0.9375rem; }

footer { padding: var(--s5) var(--s4); text-align: center; color: var(--muted); font-size: var(--small); }

.hero { padding-block: var(--s5) var(--s4); }
.hero > * + * { margin-block-start: var(--s4); }
.hero h1 { font-size: var(--display); line-height: 1.08; letter-spacing: -0.028em; }
.hero .lead { max-width: 38rem; }
.steps { display: grid; gap: var(--s4); padding: 0; list-style: none; counter-reset: step; }
.steps > li { position: relative; padding: var(--s5); background: var(--surface); border: 1px solid var(--line);
  border-radius: var(--radius-large); box-shadow: var(--shadow); counter-increment: step; }
.steps > li::before { content: "No. " counter(step); display: inline-block; margin-block-end: var(--s2); padding: 0 var(--s2);
  border: 1px dashed var(--edge); border-radius: 0.25rem; color: var(--muted); font: 600 0.8125rem/1.5 var(--mono); }
.steps p { margin-block-start: var(--s1); color: var(--muted); }

@media (min-width: 44rem) {
  main { padding-block-start: var(--s6); }
  .site nav { order: 0; flex-basis: auto; }
  .site nav ul { margin-inline: 0; gap: 0 var(--s2); }
  .hero { padding-block: var(--s6) var(--s5); }
  .steps { grid-template-columns: repeat(3, 1fr); }
}

@media (prefers-reduced-motion: no-preference) {
  button, .button { transition: background-color 120ms; }
}
`;
