import { type Context, Hono } from 'hono';
import type { Deps } from '../deps.ts';
import { showAccount, signOutEverywhere, submitPassword } from './account.tsx';
import { showActivity } from './activity.tsx';
import { showApps } from './apps.tsx';
import { type Asset, icon, script, styleSheet } from './assets.ts';
import { showConnectedApp, submitLimits, submitRevocation } from './connected_app.tsx';
import { showConsent, submitConsent } from './consent.tsx';
import { checkForm } from './csrf.ts';
import { showDeveloper } from './developer.tsx';
import { showDevice, showDeviceDone, submitDevice } from './device.tsx';
import { pageHeaders } from './headers.ts';
import { showHome } from './home.tsx';
import {
  checkKeyAgain,
  deleteKey,
  showKey,
  submitKeeping,
  submitKeyDetails,
  submitReplacement,
} from './key.tsx';
import { showKeys } from './keys.tsx';
import { submitModeration, submitRequiredModeration } from './moderation.ts';
import { showNewApp, submitNewApp } from './new_app.tsx';
import { showNewKey, submitNewKey, submitSandboxKey } from './new_key.tsx';
import {
  showOperator,
  submitGate,
  submitInvitation,
  submitUserStatus,
  withdrawInvitation,
} from './operator.tsx';
import { decideOnApp, showOperatorApps, submitAppBudgets } from './operator_apps.tsx';
import type { Page, PageEnv, UserPage } from './page.ts';
import { submitPayment } from './payment.ts';
import { failed, notFound } from './problem.tsx';
import {
  deleteRegisteredApp,
  rotateSecret,
  showRegisteredApp,
  submitClientChange,
} from './registered_app.tsx';
import { withNext } from './return_path.ts';
import { showSignIn, signOut, submitSignIn } from './sign_in.tsx';
import { showSignUp, submitSignUp } from './sign_up.tsx';
import { showSpending, submitBudgets } from './spending.tsx';
import { submitTestToken } from './test_token.tsx';
import { askForVerification, checkProof } from './verification.tsx';
import { identify } from './visitor.ts';

/** Every page, on one screen. What nothing else answers gets the page that says so: mount it last. */
export function createPages(deps: Deps): Hono<PageEnv> {
  const pages = new Hono<PageEnv>();
  const get = (path: string, page: Page) => pages.get(path, page);
  const check = checkForm(deps.config.issuer);
  /** Every form post is bounded and checked before anything acts on it. */
  const post = (path: string, page: Page) => pages.post(path, check, page);

  pages.use(pageHeaders(deps.config));
  for (const file of [styleSheet, script, icon]) pages.get(file.path, serve(file));
  pages.use(identify(deps));
  pages.onError(failed);

  get('/', showHome);
  get('/sign-in', showSignIn);
  post('/sign-in', submitSignIn);
  post('/sign-out', signOut);
  for (const path of ['/sign-up', '/setup/:token', '/invite/:token']) {
    get(path, showSignUp);
    post(path, submitSignUp);
  }
  get('/consent/:id', showConsent);
  post('/consent/:id', submitConsent);
  get('/device', own(showDevice));
  post('/device', own(submitDevice));
  get('/device/done', showDeviceDone);
  get('/keys', own(showKeys));
  get('/keys/new', own(showNewKey));
  post('/keys/new', own(submitNewKey));
  post('/keys/sandbox', own(submitSandboxKey));
  get('/keys/:id', own(showKey));
  post('/keys/:id', own(submitKeyDetails));
  post('/keys/:id/check', own(checkKeyAgain));
  post('/keys/:id/keep', own(submitKeeping));
  post('/keys/:id/replace', own(submitReplacement));
  post('/keys/:id/delete', own(deleteKey));
  get('/apps', own(showApps));
  get('/apps/:id', own(showConnectedApp));
  post('/apps/:id/limits', own(submitLimits));
  post('/apps/:id/revoke', own(submitRevocation));
  get('/activity', own(showActivity));
  get('/spending', own(showSpending));
  post('/spending', own(submitBudgets));
  get('/developer', own(showDeveloper));
  get('/developer/new', own(showNewApp));
  post('/developer/new', own(submitNewApp));
  get('/developer/:id', own(showRegisteredApp));
  post('/developer/:id', own(submitClientChange));
  post('/developer/:id/secret', own(rotateSecret));
  post('/developer/:id/token', own(submitTestToken));
  post('/developer/:id/payment', own(submitPayment));
  post('/developer/:id/moderation', own(submitModeration));
  post('/developer/:id/verification', own(askForVerification));
  post('/developer/:id/proof', own(checkProof));
  post('/developer/:id/delete', own(deleteRegisteredApp));
  get('/account', own(showAccount));
  post('/account/password', own(submitPassword));
  post('/account/sign-out', own(signOutEverywhere));
  get('/operator', own(operatorOnly(showOperator)));
  post('/operator/gates', own(operatorOnly(submitGate)));
  post('/operator/users', own(operatorOnly(submitUserStatus)));
  get('/operator/apps', own(operatorOnly(showOperatorApps)));
  post('/operator/apps', own(operatorOnly(decideOnApp)));
  post('/operator/apps/budgets', own(operatorOnly(submitAppBudgets)));
  post('/operator/apps/moderation', own(operatorOnly(submitRequiredModeration)));
  post('/operator/invitations', own(operatorOnly(submitInvitation)));
  post('/operator/invitations/withdraw', own(operatorOnly(withdrawInvitation)));
  pages.all('*', notFound);
  return pages;
}

/** A page for signed-in users; others sign in first and come back. */
function own(page: UserPage): Page {
  return (c) => {
    const { user } = c.var.visitor;
    if (user) return page(c, user);
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(withNext('/sign-in', c.req.method === 'GET' ? pathname + search : null), 303);
  };
}

/** Others are told that there is no such page. */
function operatorOnly(page: UserPage): UserPage {
  return (c, user) => (user.operator ? page(c, user) : notFound(c));
}

function serve({ type, body }: Asset) {
  return (c: Context) =>
    c.body(body, 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' });
}
