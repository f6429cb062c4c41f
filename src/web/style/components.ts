/** The pieces that pages are made of. */
export const components = `
.button.quiet, button.quiet, .confirm > summary {
  background: var(--surface);
  border-color: var(--edge);
  color: var(--text);
}
.button.quiet:hover, button.quiet:hover, .confirm > summary:hover { background: var(--sunken); color: var(--text); }
button.danger { background: var(--danger); color: var(--on-danger); }
button.danger:hover { background: var(--danger); filter: brightness(0.9); color: var(--on-danger); }
button.small { min-height: 2rem; padding: 0 var(--s3); font-size: var(--small); }
button.link {
  min-height: 0;
  padding: 0;
  border: 0;
  background: none;
  color: inherit;
  font-weight: inherit;
}
button.link:hover { text-decoration: underline; }

.card, .rows, .panel {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius-large);
  box-shadow: var(--shadow);
}
.card { padding: var(--s5); }
.card, .card form, .more > form, .confirm > form, .part { display: flex; flex-direction: column; gap: var(--s4); }
:is(.card, form, .part) > :is(button, .button, details) { align-self: flex-start; }
:is(.card, form, .part) > details[open] { align-self: stretch; }
.part + * { padding-block-start: var(--s4); border-block-start: 1px solid var(--line); }
.card > :is(h1, h2):has(+ :is(p, details)) { margin-block-end: calc(-1 * var(--s2)); }
.empty { padding-block: var(--s7); text-align: center; }
.empty > p { max-width: 30rem; margin-inline: auto; color: var(--muted); }
.empty > .button { align-self: center; }

.field > * + * { margin-block-start: var(--s1); }
.hint, .meta { color: var(--muted); font-size: var(--small); }
.complaint { color: var(--danger); font-weight: 600; font-size: var(--small); }
.actions { display: flex; flex-wrap: wrap; gap: var(--s3); align-items: center; }

.ticks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); column-gap: var(--s4); }
.ticks > :is(legend, .complaint, :only-child) { grid-column: 1 / -1; }
.ticks > legend { padding-block-end: var(--s1); }
.ticks label {
  display: flex;
  gap: var(--s3);
  padding: var(--s2) 0;
  font-weight: 400;
  cursor: pointer;
}
.ticks label small { display: block; color: var(--muted); font-size: var(--small); }

.amounts { display: grid; grid-template-columns: repeat(2, 1fr); gap: var(--s2) var(--s4); align-items: end; }
.amounts > :is(legend, .hint) { grid-column: 1 / -1; }

.notice { padding: var(--s3) var(--s4); border-radius: var(--radius); border-inline-start: 4px solid; }
.notice > * + * { margin-block-start: var(--s2); }
.notice h2 { font-size: 1rem; }
.notice a:not(.button) { color: inherit; }
.notice.plain { background: var(--plain-ground); border-color: var(--edge); }
.notice.good { background: var(--good-ground); border-color: var(--good); color: var(--good); }
.notice.warning { background: var(--warning-ground); border-color: var(--warning); color: var(--warning); }
.notice.danger { background: var(--danger-ground); border-color: var(--danger); color: var(--danger); }

.badge {
  display: inline-block;
  padding: 0.05rem var(--s2);
  border-radius: 1rem;
  font-size: 0.8125rem;
  font-weight: 600;
  white-space: nowrap;
}
.badge.plain { background: var(--plain-ground); color: var(--text); }
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.warning { background: var(--warning-ground); color: var(--warning); }
.badge.danger { background: var(--danger-ground); color: var(--danger); }
.notice .badge { border: 1px solid; }
.badges { display: inline-flex; flex-wrap: wrap; gap: var(--s1) var(--s2); }

.rows { list-style: none; padding: 0; }
.rows > li { padding: var(--s4) var(--s5); }
.rows > li + li { border-block-start: 1px solid var(--line); }
.row-head { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s3); align-items: center; justify-content: space-between; }
:is(.page, .row-head, .compact > li) > * { min-width: 0; }
.row-title { font-weight: 620; font-size: 1.0625rem; }
.rows > li > * + * { margin-block-start: var(--s1); }
.rows .confirm { margin-block-start: var(--s3); }
.rows.compact > li { display: flex; flex-wrap: wrap; gap: 0 var(--s4); justify-content: space-between; padding-block: var(--s2); }
.parts { display: flex; flex-wrap: wrap; gap: 0 var(--s3); }
.last-four { white-space: nowrap; color: inherit; }
.unbroken { white-space: nowrap; }

.facts { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: var(--s2) var(--s5); }
.facts dt { color: var(--muted); }
.facts dd { min-width: 0; }
.facts dd > * + * { margin-block-start: var(--s2); }

.confirm > summary { list-style: none; width: fit-content; color: var(--danger); }
.confirm > summary::-webkit-details-marker { display: none; }
.confirm > summary:hover { color: var(--danger); }
.confirm > form {
  margin-block-start: var(--s3);
  padding: var(--s4);
  border-radius: var(--radius);
  background: var(--danger-ground);
}
.more > summary { color: var(--accent); font-weight: 600; padding-block: var(--s1); width: fit-content; }
.more > * + * { margin-block-start: var(--s3); }

.budgets { display: grid; gap: var(--s4); padding: 0; list-style: none; }
.budgets > li > * + * { margin-block-start: var(--s1); }
.rows h3 + .budgets { margin-block-start: var(--s3); }
.meter svg { display: block; overflow: visible; }
.meter .track { fill: var(--sunken); stroke: var(--edge); }
.meter .used { fill: var(--accent); }
.meter.warning .used { fill: var(--warning); }
.meter.danger .used { fill: var(--danger); }
.meter .held { fill: none; stroke: var(--text); stroke-dasharray: 3 2; }
.meter .milestone { stroke: var(--edge); }
.meter text { fill: var(--muted); font-size: 0.75rem; }

.snippet { display: grid; grid-template-columns: 1fr auto; gap: var(--s2); align-items: end; min-width: 0; }
.snippet figcaption { font-weight: 600; }
.snippet pre {
  grid-column: 1 / -1;
  margin: 0;
  padding: var(--s3) var(--s4);
  overflow-x: auto;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--sunken);
  line-height: 1.5;
}
.snippet code { user-select: all; overflow-wrap: normal; }
.filter { display: flex; gap: var(--s3); align-items: end; max-width: 26rem; }
.filter > .field { flex: 1; }
.filter > [type="submit"] { align-self: end; }

table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
th { text-align: start; font-size: var(--small); color: var(--muted); font-weight: 600; }
th, td { padding: var(--s3) var(--s4); vertical-align: top; }
tbody tr { border-block-start: 1px solid var(--line); }
.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { display: block; color: var(--muted); }
td time { white-space: nowrap; }

/* On a phone each row of a table becomes a small block, each cell with the name of its column before it. */
@media (max-width: 44rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; }
  tr { padding: var(--s3) var(--s4); }
  tbody tr:first-child { border-block-start: 0; }
  td { display: flex; justify-content: space-between; gap: var(--s4); padding: 0.15rem 0; text-align: end; }
  td > * { min-width: 0; }
  td::before { content: attr(data-label); color: var(--muted); font-size: var(--small); text-align: start; flex: none; }

  .calls tr { display: grid; grid-template: "what cost" "app result" "when result" / minmax(0, 1fr) fit-content(50%); gap: 0 var(--s4); }
  .calls td { display: block; padding: 0; text-align: start; }
  .calls td::before { content: none; }
  .calls [data-cell="what"] { grid-area: what; font-weight: 600; }
  .calls [data-cell="what"] small { font-weight: 400; }
  .calls [data-cell="cost"] { grid-area: cost; font-weight: 600; }
  .calls [data-cell="result"] { grid-area: result; align-self: end; justify-self: end; text-align: end; }
  .calls [data-cell="app"] { grid-area: app; color: var(--muted); font-size: var(--small); }
  .calls [data-cell="when"] { grid-area: when; color: var(--muted); font-size: var(--small); }
  .calls td.number { text-align: end; }
}
`;
