import type { TestApp } from './start-app.ts';

/** Posts one file as multipart/form-data, as the API client of a user does. */
export async function uploadFile(app: TestApp, token: string, url: string, content: string | Uint8Array) {
  const head =
    '--x\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n';
  const payload = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n--x--\r\n')]);
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    'content-type': 'multipart/form-data; boundary=x',
  };
  return app.http.inject({ method: 'POST', url, headers, payload });
}
