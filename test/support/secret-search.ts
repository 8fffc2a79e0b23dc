/** Something that was written or can be read, and where. */
export interface Place {
  readonly where: string;
  readonly bytes: Buffer;
}

export function place(where: string, content: string | Uint8Array): Place {
  return { where, bytes: typeof content === 'string' ? Buffer.from(content) : Buffer.from(content) };
}

/** Where any of the secrets stands, in whatever form programs write such things; never the secret itself. */
export function findSecrets(places: readonly Place[], secrets: readonly string[]): readonly string[] {
  const needles = secrets.flatMap((secret, index) => {
    return Object.entries(formsOf(secret)).flatMap(([form, texts]) =>
      texts.map((text) => ({ form: `secret ${index + 1}, ${form}`, bytes: Buffer.from(text) })),
    );
  });
  return places.flatMap(({ where, bytes }) =>
    needles.filter((needle) => bytes.includes(needle.bytes)).map(({ form }) => `${where}: ${form}`),
  );
}

function formsOf(secret: string): Readonly<Record<string, readonly string[]>> {
  const encoded = encodeURIComponent(secret);
  const strict = encoded.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const json = JSON.stringify(secret).slice(1, -1);
  // A core of letters and digits is the same in every form, and in the ones nobody thought of.
  const words = secret.match(/[A-Za-z0-9]{8,}/g) ?? [];
  return {
    raw: [secret],
    'percent-encoded': [encoded, strict, strict.toLowerCase()],
    'in JSON': [json, JSON.stringify(json).slice(1, -1)],
    'in HTML': [secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
    base64: [0, 1, 2].flatMap((shift) => [secret, strict].map((text) => base64Core(text, shift))),
    'a word of it': words,
  };
}

/** What base64 makes of the text wherever it begins: without the letters that its neighbours have a part in. */
function base64Core(text: string, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64');
  return encoded.slice(shift === 0 ? 0 : 4, -4);
}
