import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTemplates, TemplateError, type Templates } from './templates.ts';
import { TrustedHtml } from './trusted-html.ts';

const hostile = `<img src=x onerror="alert('1')">`;
const escaped = '&lt;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&gt;';
const at = new Date('2026-03-05T10:00:00Z');

function open(files: Record<string, string>, limits = {}): Templates {
  return makeTemplates({
    lookup: (name) => {
      const source = Object.hasOwn(files, name) ? files[name] : undefined;
      return source === undefined ? undefined : { source, version: source };
    },
    assetUrl: (name) => `/static/${name}?v=1`,
    clock: { now: () => at },
    limits,
  });
}

function render(source: string, data: Record<string, unknown> = {}): string {
  return open({ page: source }).renderPage('page', data);
}

function failure(templates: Templates, name: string): TemplateError {
  try {
    templates.renderPage(name, { text: 'x' });
  } catch (error) {
    assert.ok(error instanceof TemplateError);
    return error;
  }
  throw new Error('the template was rendered');
}

test('a template escapes every value that it prints', () => {
  const templates = open({
    layout: '<title>{% block head %}{% endblock %}</title>{% block body %}{% endblock %}',
    part: '<p>{{ given }}{{ text }}</p>',
    page: `{% layout 'layout' %}{% block head %}{{ text }}{% endblock %}{% block body %}{% assign copy = text %}{% capture box %}<b>{{ copy }}</b>{% endcapture %}
      {{ box }}{{ box | append: text }}{{ text | raw }}{{ text | escape }}{{ text | newline_to_br }}{{ list | join: text }}
      {% render 'part', given: text %}{% for pair in map %}{{ pair[0] }}{{ pair[1] }}{% endfor %}<i title="{{ text | json }}">{% endblock %}`,
  });
  const html = templates.renderPage('page', { text: hostile, list: ['a', 'b'], map: { [hostile]: hostile } });
  assert.ok(!html.includes('<img'));
  assert.ok(html.includes(`<title>${escaped}</title>`));
  assert.ok(html.includes(`<b>${escaped}</b>`), 'captured HTML is not escaped twice');
});

test('only HTML that the program made is printed unescaped', () => {
  assert.equal(render('{{ box }}{{ box | raw }}', { box: new TrustedHtml('<b>1</b>') }), '<b>1</b><b>1</b>');
  assert.equal(render('{{ box | append: "<i>" }}', { box: new TrustedHtml('<b>') }), '&lt;b&gt;&lt;i&gt;');
});

test('captured HTML is blank when it has no text, and is compared like a text', () => {
  const shown = (content: string) =>
    render(
      `{% capture box %}${content}{% endcapture %}{% if box == blank %}blank{% endif %}{% if box != blank %}text{% endif %}{% if box == 'a' %} is a{% endif %}{% case box %}{% when 'a' %} case a{% endcase %}`,
    );
  assert.equal(shown(' \n '), 'blank');
  assert.equal(shown('<b>1</b>'), 'text');
  assert.equal(shown('a'), 'text is a case a');
});

test('JSON inside a script cannot end the script', () => {
  const html = render('<script type="application/json">{{ value | to_json }}</script>', {
    value: { a: '</script><!--\u2028' },
  });
  assert.equal(html, '<script type="application/json">{"a":"\\u003c/script\\u003e\\u003c!--\\u2028"}</script>');
});

test('rendered Markdown contains no scripts, handlers or scripted links', () => {
  const html = render('{{ text | md }}', {
    text: '# Hi\n\n<script>alert(1)</script><b onclick="x()">b</b>\n\n[a](javascript:alert(1)) [b](https://example.com) ![c](https://example.com/c.png)',
  });
  assert.ok(html.includes('<h1>Hi</h1>'));
  assert.ok(html.includes('<a href="https://example.com" rel="noopener nofollow">b</a>'));
  assert.doesNotMatch(html, /script|onclick|<img/);
});

test('templates read plain data and no prototypes', () => {
  const html = render(
    '{{ text.constructor.name }}|{{ map.__proto__ }}|{{ map.constructor }}|{{ map.toString }}|{{ missing.further }}',
    {
      text: 'x',
      map: {},
    },
  );
  assert.equal(html, '||||');
});

test('a block may print the content of the layout', () => {
  const templates = open({
    layout: '{% block a %}<b>first</b>{% endblock %}',
    middle: "{% layout 'layout' %}{% block a %}{{ block.super }}, second{% endblock %}",
    page: "{% layout 'middle' %}{% block a %}{{ block.super }}, third{% endblock %}",
  });
  assert.equal(templates.renderPage('page', {}), '<b>first</b>, second, third');
});

test('a partial sees the data of the page but not its variables', () => {
  const templates = open({
    part: '{{ form.email }}/{{ own }}/{{ given }}',
    page: "{% assign own = 1 %}{% render 'part', given: 2 %}",
  });
  assert.equal(templates.renderPage('page', { form: { email: 'a@example.com' } }), 'a@example.com//2');
});

test('options are escaped, and a chosen value that is not offered is kept', () => {
  const options = [
    { value: 'a"b', label: 'A & B' },
    { value: 'c', label: '<C>' },
  ];
  const template = '{{ options | option_elements: chosen }}';
  assert.equal(
    render(template, { options, chosen: 'c' }),
    '<option value="a&#34;b">A &amp; B</option>\n<option value="c" selected>&lt;C&gt;</option>',
  );
  assert.equal(
    render(template, { options: options.slice(1), chosen: '"d"' }),
    '<option value="&#34;d&#34;" selected>&#34;d&#34;</option>\n<option value="c">&lt;C&gt;</option>',
  );
  assert.equal(render(template, { options: null, chosen: '' }), '');
});

test('the CSRF field carries the token of the request', () => {
  assert.equal(render('{% csrf %}', { csrf_token: 'a"b' }), '<input type="hidden" name="_csrf" value="a&#34;b">');
});

test('an invalid template is named with its line', () => {
  const templates = open({
    syntax: 'one\n{% if %}',
    filter: 'one\ntwo {{ text | nonsense }}',
    include: "{% render 'nowhere' %}",
    outer: "\n{% render 'filter' %}",
    print: '{% echo text %}',
  });
  assert.match(failure(templates, 'syntax').message, /^template syntax, line 2: /);
  assert.equal(failure(templates, 'filter').message, 'template filter, line 2: undefined filter: nonsense');
  assert.equal(failure(templates, 'include').message, 'template include, line 1: there is no template "nowhere"');
  assert.equal(failure(templates, 'outer').template, 'filter');
  assert.equal(failure(templates, 'absent').message, 'template absent: there is no template "absent"');
  assert.match(failure(templates, 'print').message, /tag "echo" not found/);
  assert.equal(templates.refuseSource('new', '{{ a | upcase }}'), null);
  assert.match(templates.refuseSource('new', '{% block a %}') ?? '', /^template new, line 1: .*not closed/);
});

test('a template is stopped at the limits of time and memory', () => {
  const loop = '{% for a in (1..3000) %}{% for b in (1..3000) %}{{ text }}{% endfor %}{% endfor %}';
  assert.match(
    failure(open({ page: loop }, { render_ms_max: 20, memory_max: 1e12 }), 'page').message,
    /line 1: template render limit exceeded/,
  );
  assert.match(failure(open({ page: loop }, { memory_max: 50_000 }), 'page').message, /memory alloc limit exceeded/);
  assert.match(
    failure(open({ page: '{% for a in (1..900000000) %}{% endfor %}' }), 'page').message,
    /memory alloc limit exceeded/,
  );
  assert.match(failure(open({ page: 'x'.repeat(300_000) }), 'page').message, /parse length limit exceeded/);
  assert.match(failure(open({ page: "{% render 'page' %}" }), 'page').message, /^template page, line 1: /);
});

test('a template is compiled again only when its source changes', () => {
  let reads = 0;
  const files = { page: 'one', part: 'a' };
  const templates = makeTemplates({
    lookup: (name) => {
      if (name !== 'page' && name !== 'part') return undefined;
      return {
        get source() {
          reads += 1;
          return files[name];
        },
        version: files[name],
      };
    },
    assetUrl: (name) => name,
    clock: { now: () => at },
  });
  assert.equal(templates.renderPage('page', {}), 'one');
  assert.equal(templates.renderPage('page', {}), 'one');
  assert.equal(reads, 1);
  files.page = "two {% render 'part' %}";
  assert.equal(templates.renderPage('page', {}), 'two a');
  files.part = 'b';
  assert.equal(templates.renderPage('page', {}), 'two b');
});

test('filters print money, percentages, periods and dates in words', () => {
  const table: [string, string][] = [
    ['{{ 2000 | humanize_money: "usd" }}', '$20.00'],
    ['{{ money | price }}', '$119.00'],
    ['{{ nothing | price }}{{ nothing | humanize_money: "usd" }}', ''],
    ['{{ 1000 | humanize_percent }} {{ 1250 | humanize_percent }}', '10% 12.50%'],
    ['{{ "yearly" | humanize_period }}, {{ "monthly" | humanize_period: 3 }}', 'per year, every 3 months'],
    ['{{ 1 | humanize_periods: "monthly" }}, {{ 3 | humanize_periods: "monthly" }}', '1 month, 3 months'],
    ['{{ at | humanize_short_date }}, {{ "2026-12-31" | humanize_short_date }}', 'Mar 5, 2026, Dec 31, 2026'],
    ['{{ late | humanize_short_date: "America/Los_Angeles" }}', 'Mar 4, 2026'],
    ['{{ at | isoformat }}{{ "rubbish" | isoformat }}{{ nothing | humanize_short_date }}', '2026-03-05T10:00:00.000Z'],
    [
      '{{ "2026-03-06" | date_in_future }} {{ "2026-03-05" | date_in_future }} {{ nothing | date_in_future }}',
      'true false false',
    ],
    [
      '{{ 1 | pluralize: "user" }}, {{ 2 | pluralize: "user" }}, {{ 9998 | pluralize: "person", "people" }}',
      '1 user, 2 users, 9,998 people',
    ],
    [
      '{{ "new_password2" | humanize_field }}, {{ "street_address" | humanize_field }}, {{ "E-mail address" | humanize_field }}',
      'Password again, Street address, E-mail address',
    ],
    [
      '{{ "2030-12" | humanize_expiry }} {{ "2030-12-31" | humanize_expiry }} {{ "12/2030" | humanize_expiry }}',
      '12/2030 12/2030 12/2030',
    ],
    ['{{ "css/site.css" | asset }}', '/static/css/site.css?v=1'],
    [
      '{{ "/login/" | with_next: "/app/?a=1" }} {{ "/login/" | with_next: "https://example.com" }}',
      '/login/?next=%2Fapp%2F%3Fa%3D1 /login/',
    ],
    [
      '{% for pair in money | iteritems %}{% endfor %}{% assign pairs = money | iteritems %}{{ pairs.size }}{{ nothing | iteritems | size }}',
      '20',
    ],
  ];
  const data = { money: { amount: 11900, unit: 'usd' }, at, late: '2026-03-05T01:00:00Z' };
  for (const [source, expected] of table) assert.equal(render(source, data), expected, source);
});

test('a message has a subject of one line and a text with the addresses of its links', () => {
  const templates = open({
    mail: `<html><head><title>Receipt
      for {{ name }}</title><style>p { color: red }</style></head><body><h1>Hello {{ name }}</h1><p>See <a href="{{ url }}">the receipt</a>
      or <a href="{{ url }}">{{ url }}</a>.</p><p data-part="html">{{ url }} again</p><table><tr><td>Basic</td><td>$20.00</td></tr><tr><th>Total</th><th>$20.00</th></tr></table>
      <ul><li>one</li><li>two</li></ul></body></html>`,
  });
  const mail = templates.renderMail('mail', { name: 'Tom & <Jerry>', url: 'https://example.com/?a=1&b=2' });
  assert.equal(mail.subject, 'Receipt for Tom & <Jerry>');
  assert.ok(mail.html.includes('Hello Tom &amp; &lt;Jerry&gt;'));
  assert.equal(
    mail.text,
    [
      'Hello Tom & <Jerry>\n',
      'See the receipt: https://example.com/?a=1&b=2 or https://example.com/?a=1&b=2.\n',
      'Basic  $20.00\nTotal  $20.00\n',
      '- one\n- two',
    ].join('\n'),
  );
});
