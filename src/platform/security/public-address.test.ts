import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Agent, request } from 'undici';
import { isPublicAddress, lookupPublic, publicConnector, refusePrivateLiteral } from './public-address.ts';

// oxfmt-ignore
const refused = [
  '127.0.0.1', '127.255.0.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1',
  '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.0.1',
  '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1', '::7f00:1', 'fe80::1', 'fe80::1%eth0', 'fc00::1',
  'fdff::1', 'ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', '2001:db8::1', '0:0:0:0:0:0:0:1',
  'localhost', 'example.com', '', '1.2.3', '0x7f.1',
];
for (const address of refused) {
  test(`${address} is not a public address`, () => assert.equal(isPublicAddress(address), false));
}

for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8', '2a00:1450::1']) {
  test(`${address} is a public address`, () => assert.equal(isPublicAddress(address), true));
}

test('an address in brackets is refused before it is connected to', () => {
  assert.ok(refusePrivateLiteral('[::1]'));
  assert.ok(refusePrivateLiteral('127.0.0.1'));
  assert.equal(refusePrivateLiteral('8.8.8.8'), null);
  assert.equal(refusePrivateLiteral('example.com'), null);
});

test('a name that resolves to loopback is refused', async () => {
  const error = await new Promise((resolve) => {
    lookupPublic('localhost', { all: true }, (failure) => resolve(failure));
  });
  assert.match(String(error), /not public/);
});

test('nothing is sent to a loopback server by name, address or mapped address', async () => {
  let requests_count = 0;
  const server = createServer((_request, response) => {
    requests_count += 1;
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, () => resolve());
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const dispatcher = new Agent({ connect: publicConnector(1000) });
  for (const host of [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f000001',
    '127.1',
    '0',
  ]) {
    await assert.rejects(request(`http://${host}:${address.port}/`, { dispatcher }), { code: 'ERR_PRIVATE_ADDRESS' });
  }
  assert.equal(requests_count, 0);
  await dispatcher.close();
  server.close();
});

test('the translated form of a private IPv4 address and documentation and routing prefixes are not public', () => {
  for (const address of ['::ffff:0:7f00:1', '::ffff:0:a00:1', '3fff::1', '5f00::1'])
    assert.equal(isPublicAddress(address), false, address);
  assert.equal(isPublicAddress('2600::1'), true);
});
