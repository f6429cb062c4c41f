import type { FieldRule, FieldRules } from '../fields.ts';
import type { AnswerRules, Route } from '../route.ts';
import { anything, held, untold } from './openai_answers.ts';
import { allow, upload } from './openai_common_fields.ts';
import { cutOff, ownFiles } from './openai_hosted_tools.ts';
import { code, containerInUse, containerOf, fileOf, kept, listParameters, makes } from './openai_kept.ts';

/** Containers of OpenAI, in which code runs, and the files in them. */

/** Forty minutes of the smallest: it lives no longer. */
const session = { kind: 'fee', nanoUsd: 60_000_000 } as const;

const longestIdle = 20;
const minutes: FieldRule = {
  kind: 'limit',
  to: Array.from({ length: longestIdle }, (_, index) => index + 1),
  advice: `Containers are kept for up to ${longestIdle} minutes after their last use. Leave it out.`,
};

const containerFields: FieldRules = {
  name: allow,
  expires_after: { kind: 'object', fields: { anchor: allow, minutes } },
  file_ids: ownFiles,
  memory_limit: {
    kind: 'limit',
    to: ['1g'],
    advice: 'Containers of 1g are lent, larger ones cost a multiple. Leave it out.',
  },
  network_policy: cutOff,
  skills: { kind: 'refuse', advice: "The account's skills are not lent. Leave it out." },
};

const fileFields: FieldRules = {
  file: upload,
  file_id: kept(fileOf, 'Name what the app itself has uploaded, with the scope openai:files.'),
};

/** What is deleted may be answered with nothing. */
const deleted: AnswerRules = { ...held, mayBeEmpty: true };

const common = { scope: code, body: { kind: 'none' }, answer: held, usage: null } as const;
const deletion = { ...common, kept: { container_id: 'container' }, answer: deleted } as const;
const ofContainer = { ...common, kept: deletion.kept, lentFor: containerInUse.lentFor } as const;

const container = '/containers/{container_id}';
const file = `${container}/files/{file_id}`;

export const containerRoutes: readonly Route[] = [
  {
    ...common,
    method: 'POST',
    path: '/containers',
    body: { kind: 'json', fields: containerFields },
    makes: makes(containerOf),
    usage: untold,
    cost: session,
  },
  { ...ofContainer, method: 'GET', path: container },
  { ...deletion, method: 'DELETE', path: container, deletes: true },
  { ...ofContainer, method: 'GET', path: `${container}/files`, parameters: listParameters },
  {
    ...ofContainer,
    method: 'POST',
    path: `${container}/files`,
    body: { kind: 'multipart', fields: fileFields, orJson: true },
  },
  { ...ofContainer, method: 'GET', path: file },
  { ...ofContainer, method: 'DELETE', path: file, answer: deleted },
  { ...ofContainer, method: 'GET', path: `${file}/content`, answer: anything },
];
