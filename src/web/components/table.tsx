import type { Child } from 'hono/jsx';

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => Child;
  /** Digits, set flush right. */
  readonly number?: boolean;
}

/**
 * A table that on a phone becomes a list of small blocks. The roles are spelt out because browsers drop those of a table
 * that is not laid out as one.
 */
export function Table<Row>(props: {
  readonly caption: string;
  readonly class?: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}) {
  const { caption, columns, rows } = props;
  return (
    <div class={`panel ${props.class ?? ''}`}>
      <table {...role('table')}>
        <caption class="visually-hidden">{caption}</caption>
        <thead {...role('rowgroup')}>
          <tr {...role('row')}>
            {columns.map(({ label, number }) => (
              <th {...role('columnheader')} scope="col" class={number ? 'number' : undefined}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...role('rowgroup')}>
          {rows.map((row) => (
            <tr {...role('row')}>
              {columns.map(({ label, number, cell }) => (
                <td
                  {...role('cell')}
                  data-label={label}
                  data-cell={label.toLowerCase()}
                  class={number ? 'number' : undefined}
                >
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function role(name: string) {
  return { role: name };
}
