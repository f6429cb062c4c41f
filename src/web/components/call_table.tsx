import { apis, findScope } from '../../catalog/catalog.ts';
import type { CallView } from '../../store/contract/records.ts';
import { isFlagged } from '../../store/moderation.ts';
import type { Call } from '../../store/records.ts';
import { Badge, type Tone } from './badge.tsx';
import { dollars, dollarsAtMost } from './money.ts';
import { type Column, Table } from './table.tsx';
import { Ago } from './time.tsx';

/** Calls that apps made, newest first. @param now milliseconds since the epoch */
export function CallTable(props: {
  readonly calls: readonly CallView[];
  readonly now: number;
  /** For lists of one app alone. */
  readonly withoutApp?: boolean;
}) {
  const { calls, now, withoutApp } = props;
  const app: Column<CallView> = { label: 'App', cell: (call) => call.clientName };
  const columns: readonly Column<CallView>[] = [
    { label: 'When', cell: (call) => <Ago at={call.startedAt} now={now} /> },
    ...(withoutApp ? [] : [app]),
    { label: 'What', cell: (call) => <What call={call} /> },
    { label: 'Result', cell: (call) => <Result call={call} /> },
    { label: 'Cost', cell: (call) => <Cost call={call} />, number: true },
  ];
  return <Table class="calls" caption="Calls, newest first" columns={columns} rows={calls} />;
}

function What({ call }: { readonly call: Call }) {
  return (
    <>
      {routeInWords(call)}
      <small>
        <code>{call.model ?? call.route}</code>
      </small>
    </>
  );
}

/** What a route does, in the words of its scope. */
function routeInWords({ provider, route }: Call): string {
  const routes = apis.filter(({ name }) => name === provider).flatMap((api) => api.routes);
  const row = routes.find(({ method, path }) => `${method} ${path}` === route);
  const words = row && findScope(row.scope)?.may.replace(/ \(.*\)$/, '');
  return words === undefined ? route : words.charAt(0).toUpperCase() + words.slice(1);
}

function Result({ call }: { readonly call: Call }) {
  const { tone, words } = resultOf(call);
  return (
    <>
      <Badge tone={tone}>{words}</Badge>
      {call.flags !== null && <small>{flagsInWords(call.flags)}</small>}
    </>
  );
}

function flagsInWords(flags: string): string {
  return isFlagged(flags) ? `flagged: ${flags.replaceAll(' ', ', ')}` : 'content not judged';
}

function resultOf({ state, outcome, status }: Call): { readonly tone: Tone; readonly words: string } {
  if (state === 'pending' || outcome === null) return { tone: 'plain', words: 'Running' };
  switch (outcome) {
    case 'answered':
      return status !== null && status < 400
        ? { tone: 'good', words: 'Answered' }
        : { tone: 'warning', words: `Provider said ${status}` };
    case 'aborted':
      return { tone: 'plain', words: 'Stopped by the app' };
    case 'cut':
      return { tone: 'warning', words: 'Broke off' };
    case 'failed':
      return { tone: 'danger', words: 'No answer' };
    case 'not_sent':
      return { tone: 'plain', words: 'Not sent' };
    case 'lost':
      return { tone: 'warning', words: 'Lost in a crash' };
  }
}

function Cost({ call }: { readonly call: Call }) {
  return (
    <>
      {costOf(call)}
      {call.payer === 'app' && <small>paid by the app</small>}
    </>
  );
}

/** Where nobody knows what a call has cost, what it counts as in budgets. */
function costOf({ state, costNanoUsd, countedNanoUsd }: Call): string {
  if (state === 'pending') return '–';
  if (costNanoUsd !== null) return dollars(costNanoUsd);
  return countedNanoUsd === null ? 'unknown' : dollarsAtMost(countedNanoUsd);
}
