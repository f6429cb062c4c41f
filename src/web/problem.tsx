import type { ErrorHandler } from 'hono';
import type { Child } from 'hono/jsx';
import { routePath } from 'hono/route';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { Layout } from './layout.tsx';
import type { PageContext, PageEnv, Visitor } from './page.ts';

interface ProblemProps {
  readonly title: string;
  readonly visitor?: Visitor;
  /** What happened and what to do next. */
  readonly children?: Child;
}

/** A page that says what went wrong and what to do next. */
function Problem({ title, children, ...frame }: ProblemProps) {
  return (
    <Layout title={title} width="narrow" {...frame}>
      <section class="card">
        <h1>{title}</h1>
        {children}
      </section>
    </Layout>
  );
}

function ToStart() {
  return (
    <a class="button" href="/">
      Go to the start page
    </a>
  );
}

/** Answers with a problem page. */
export function problem(c: PageContext, status: ContentfulStatusCode, title: string, body: Child) {
  return c.html(
    <Problem title={title} visitor={c.var.visitor}>
      {body}
    </Problem>,
    status,
  );
}

export function notFound(c: PageContext) {
  return problem(
    c,
    404,
    'Page not found',
    <>
      <p>There is nothing at this address, or it is not yours to see. Check the link for typing mistakes.</p>
      <ToStart />
    </>,
  );
}

export function forbiddenForm(c: PageContext) {
  return problem(
    c,
    403,
    'This form is no longer valid',
    <>
      <p>
        It was opened before you last signed in or out, or it came from another site. Nothing has been
        changed. Go back, reload the page and send the form again.
      </p>
      <p>
        Pages of this site begin with <strong>{c.var.deps.config.issuer}</strong>.
      </p>
      <ToStart />
    </>,
  );
}

export function formTooLarge(c: PageContext) {
  return problem(
    c,
    413,
    'That was too much text',
    <p>Forms here take at most 64 KB. Nothing has been changed. Go back and send less.</p>,
  );
}

/** @param retryAfter in seconds */
export function tooMany(c: PageContext, retryAfter: number) {
  c.header('Retry-After', String(retryAfter));
  const minutes = Math.ceil(retryAfter / 60);
  return problem(
    c,
    429,
    'Too many attempts',
    <p>
      To keep guessing out, this is paused for a while. Try again in{' '}
      {minutes === 1 ? 'a minute' : `${minutes} minutes`}.
    </p>,
  );
}

/** The page for what should not happen. What did happen goes to the log only. */
export const failed: ErrorHandler<PageEnv> = (error, c) => {
  // The route, not the path: some paths hold the token of an invitation.
  c.var.deps.log.error({ err: error, route: `${c.req.method} ${routePath(c)}` }, 'a page failed');
  // Mostly the store, and passing; nobody outside has to know the difference.
  c.header('Retry-After', '5');
  return c.html(
    <Problem title="This does not work right now">
      <p>It is not your fault, and it has been written to the log. Try again in a moment.</p>
      <ToStart />
    </Problem>,
    503,
  );
};
