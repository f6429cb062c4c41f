import { type Budget, milestoneReached, milestones } from '../../store/budget.ts';
import { type BudgetState, leftOf } from '../../store/reservation.ts';
import type { Spender } from '../spenders.ts';
import { Badge, type Tone } from './badge.tsx';
import { providerTitle } from './credential.tsx';
import { periodWords } from './limits.tsx';
import { fineDollars } from './money.ts';
import { Notice } from './notice.tsx';
import { Time } from './time.tsx';

/** Budgets, and where each stands. */
export function BudgetList({ states }: { readonly states: readonly BudgetState[] }) {
  return (
    <ul class="budgets">
      {states.map((state) => (
        <li>
          <Standing state={state} />
        </li>
      ))}
    </ul>
  );
}

function Standing({ state }: { readonly state: BudgetState }) {
  const { budget, key, counter } = state;
  const amount = (value: number) => amountInWords(budget, value);
  const reached = milestoneReached(counter.spent, budget);
  const left = leftOf(state);
  return (
    <>
      <div class="row-head">
        <strong>{budgetInWords(budget)}</strong>
        {reached > 0 && <Badge tone={toneOf(reached)}>{reachedInWords(reached)}</Badge>}
      </div>
      <Meter state={state} tone={toneOf(reached)} />
      <p class="meta parts">
        {budget.unit !== 'calls_at_once' && <span>{`Used ${amount(counter.spent)}`}</span>}
        {counter.reserved > 0 && <span>{`Held by calls under way ${amount(counter.reserved)}`}</span>}
        <span>{`Left ${amount(left)}`}</span>
        {key.endsAt !== null && (
          <span>
            Begins anew <Time at={key.endsAt} />
          </span>
        )}
      </p>
    </>
  );
}

/** What is used is filled, what is held is framed; the text beside it says the same. */
function Meter({ state, tone }: { readonly state: BudgetState; readonly tone: Tone }) {
  const { budget, counter } = state;
  const used = Math.min(100, percentOf(counter.spent, budget));
  const held = Math.min(100 - used, percentOf(counter.reserved, budget));
  const isSpan = budget.unit !== 'calls_at_once';
  const words = [`${used} % used`, ...(held > 0 ? [`${held} % held by calls under way`] : [])];
  return (
    <div class={`meter ${tone}`}>
      <meter
        class="visually-hidden"
        min={0}
        max={100}
        value={used + held}
        aria-label={budgetInWords(budget)}
        aria-valuetext={words.join(', ')}
      />
      <svg width="100%" height={isSpan ? 30 : 14} aria-hidden="true" focusable="false">
        <rect class="track" x="0" y="1" width="100%" height="12" />
        <rect class="used" x="0" y="1" width={`${used}%`} height="12" />
        {held > 0 && <rect class="held" x={`${used}%`} y="2" width={`${held}%`} height="10" />}
        {milestones
          .filter((milestone) => isSpan && milestone < 100)
          .map((milestone) => (
            <>
              <line class="milestone" x1={`${milestone}%`} x2={`${milestone}%`} y1="0" y2="16" />
              <text x={`${milestone}%`} y="28" text-anchor="middle">
                {`${milestone} %`}
              </text>
            </>
          ))}
      </svg>
    </div>
  );
}

/** Says which budgets are almost or wholly used up. */
export function BudgetNotices({ spenders }: { readonly spenders: readonly Spender[] }) {
  const reached = spenders.flatMap(({ name, path, states }) =>
    states
      .map((state) => ({ name, path, state, percent: milestoneReached(state.counter.spent, state.budget) }))
      .filter(({ percent }) => percent >= 80),
  );
  if (reached.length === 0) return null;
  return (
    <Notice tone={reached.some(({ percent }) => percent === 100) ? 'danger' : 'warning'}>
      {reached.map(({ name, path, state, percent }) => (
        <p>
          <a href={path}>
            <bdi>{name}</bdi>
          </a>
          {`: ${Math.min(100, percentOf(state.counter.spent, state.budget))} % of ${budgetInWords(state.budget)} is used.`}
          {percent === 100 &&
            (state.budget.unit === 'nano_usd'
              ? ' Further calls that cost you something are refused.'
              : ' Further calls are refused.')}
          {percent < 100 &&
            state.counter.noticed === 100 &&
            ' Calls that could cost more than the rest are refused.'}
          {state.key.endsAt !== null && (
            <>
              {' '}
              It begins anew <Time at={state.key.endsAt} />.
            </>
          )}
        </p>
      ))}
    </Notice>
  );
}

function toneOf(reached: number): Tone {
  if (reached === 100) return 'danger';
  return reached === 80 ? 'warning' : 'plain';
}

function reachedInWords(reached: number): string {
  return reached === 100 ? 'Used up' : `${reached} % reached`;
}

/** Rounded down: what is not wholly used is not said to be. */
function percentOf(amount: number, { limit }: Budget): number {
  return Math.floor((amount * 100) / limit);
}

const count = new Intl.NumberFormat('en-GB');

function amountInWords({ unit }: Budget, amount: number): string {
  return unit === 'nano_usd' ? fineDollars(amount) : count.format(amount);
}

/** "$5.00 a month with OpenAI". */
function budgetInWords(budget: Budget): string {
  const { unit, period, limit, provider } = budget;
  const what = {
    nano_usd: ` ${periodWords[period]}`,
    calls: ` ${limit === 1 ? 'request' : 'requests'} ${periodWords[period]}`,
    calls_at_once: ` ${limit === 1 ? 'request' : 'requests'} at the same time`,
  }[unit];
  const whose = provider === null ? '' : ` with ${providerTitle(provider)}`;
  return amountInWords(budget, limit) + what + whose;
}
