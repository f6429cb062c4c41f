import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceLength = 12;
const tagLength = 16;

/** What a ciphertext is bound to: it opens only where the same parts are named again. */
export type Binding = readonly [purpose: string, ...parts: string[]];

/**
 * Encrypts with AES-256-GCM under a fresh random nonce.
 * @returns nonce, tag and ciphertext in one
 */
export function seal(key: Uint8Array, plaintext: Uint8Array, binding: Binding): Buffer {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(additionalData(binding));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/**
 * Decrypts what `seal` made.
 * @throws when the key, the binding or a byte of it is not the same
 */
export function unseal(key: Uint8Array, sealed: Uint8Array, binding: Binding): Buffer {
  const tag = sealed.subarray(nonceLength, nonceLength + tagLength);
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceLength), {
    authTagLength: tagLength,
  })
    .setAAD(additionalData(binding))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(nonceLength + tagLength)), decipher.final()]);
}

/** Length-safe: JSON keeps ("a", "bc") and ("ab", "c") apart. */
function additionalData(binding: Binding): Buffer {
  return Buffer.from(JSON.stringify(['coatcheck', 1, ...binding]));
}
