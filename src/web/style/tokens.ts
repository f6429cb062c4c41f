/** Colours, spaces and sizes; every other rule takes its values from here. Text colours reach AA on their grounds. */
export const tokens = `
:root {
  color-scheme: light dark;

  --ground: light-dark(#f6f5f2, #121416);
  --surface: light-dark(#ffffff, #1a1d20);
  --sunken: light-dark(#f1efea, #0d0f11);
  --line: light-dark(#e0ddd5, #2e3338);
  --edge: light-dark(#85827a, #7a828a);
  --text: light-dark(#1c1d1f, #eceef0);
  --muted: light-dark(#5d5f64, #a7aeb6);

  --accent: light-dark(#0c6b60, #5cc9ba);
  --accent-strong: light-dark(#084f47, #86dccf);
  --on-accent: light-dark(#ffffff, #06211d);
  --good-ground: light-dark(#e2f2ec, #11312b);
  --good: light-dark(#0d5b45, #8bdcc4);
  --warning-ground: light-dark(#fcf2dc, #342a12);
  --warning: light-dark(#704c00, #f0cf86);
  --danger-ground: light-dark(#fcebe8, #3b1b18);
  --danger: light-dark(#a8261b, #ffa79c);
  --on-danger: light-dark(#ffffff, #2e0a06);
  --plain-ground: light-dark(#ecebe6, #282c31);

  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Open Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  --small: 0.875rem;
  --large: 1.125rem;
  --title: clamp(1.5rem, 1.3rem + 0.9vw, 1.875rem);
  --display: clamp(2rem, 1.4rem + 2.8vw, 3.1rem);

  --s1: 0.25rem;
  --s2: 0.5rem;
  --s3: 0.75rem;
  --s4: 1rem;
  --s5: 1.5rem;
  --s6: 2rem;
  --s7: 3rem;
  --radius: 0.5rem;
  --radius-large: 0.875rem;
  --shadow: 0 1px 2px light-dark(rgb(30 25 10 / 6%), rgb(0 0 0 / 30%));
}
`;
