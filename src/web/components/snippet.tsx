/** Text to take along: code, or a secret that is shown once. One click selects it all, with or without the script. */
export function Snippet({
  id,
  label,
  text,
}: {
  readonly id: string;
  readonly label: string;
  readonly text: string;
}) {
  return (
    <figure class="snippet">
      <figcaption id={`${id}-label`}>{label}</figcaption>
      <button type="button" class="quiet small" data-copy={id} aria-describedby={`${id}-label`} hidden>
        Copy
      </button>
      <pre tabindex={0}>
        <code id={id}>{text}</code>
      </pre>
    </figure>
  );
}
