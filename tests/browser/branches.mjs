// A branch from its opening to the day its merge is taken back, with JavaScript and without.

/** Changes the prices of the first products of a world: the n-th one becomes `price(n)`. */
async function reprice(page, world, { several, price }) {
  await page.goto(`${world}/products?size=50`);
  const links = await page.$$eval('main .tbl a.row-a', (as, n) => as.slice(0, n).map((a) => a.href), several);
  for (const [n, url] of links.entries()) {
    await change(page, url, '#f-unit_price', price(n));
  }
  return links;
}

/** Leaves a branch with open conflicts behind and gives its name, for those who look at its pages. */
export async function openBranch(page, home, name, { several, from }) {
  await page.goto(`${home}/branches/new`);
  await page.fill('#name', name);
  await page.selectOption('#visibility', 'company');
  await page.click('#branch-form .btn-primary');
  const slug = name.toLowerCase().replaceAll(' ', '-');
  await page.waitForURL(new RegExp(`/${slug}/`));
  const branch = home.replace(/main$/, slug);
  await reprice(page, branch, { several, price: (n) => `${from + n}.25` });
  return slug;
}

/** Sends a form after one of its fields was filled. */
async function change(page, url, field, value) {
  await page.goto(`${url}/edit`);
  await page.fill(field, value);
  await page.locator('main form .btn-primary').first().click();
  await page.waitForURL((u) => !u.href.endsWith('/edit'));
}

/** Three conflicts: main's price stays once, the branch's holds twice. */
async function decide(page, { scripts, check, where }) {
  const openOnes = page.locator('.pickset[data-open]');
  // a page whose plan takes a moment says so, and comes again
  await openOnes.nth(2).waitFor();
  check(await openOnes.count() === 3, `${where}: three conflicts, not ${await openOnes.count()}`);
  for (let left = 3; left > 0; left -= 1) {
    if (scripts) {
      await page.keyboard.press(left === 3 ? '1' : '2');
    } else {
      await openOnes.first().locator(`input[value="${left === 3 ? 'ours' : 'theirs'}"]`).check();
      await openOnes.first().locator('button:has-text("Decide")').first().click();
    }
    // asked from outside: a page without scripts that is left meanwhile may never answer
    await openOnes.nth(left - 1).waitFor({ state: 'detached' });
    if (scripts) await page.waitForFunction((done) => document.activeElement?.closest(done ? '[data-done]' : '.pickset[data-open]'), left === 1);
  }
  check(await openOnes.count() === 0, `${where}: all are decided`);
}

/**
 * A branch from its opening to the day its merge is taken back: a clerk changes prices and orders on it and asks for a
 * review, main moves on, a lead decides and merges, a colleague changes an order, the lead takes the merge back.
 */
export async function story({ browser, open, check, signedIn, home, scripts }) {
  const where = `branch with${scripts ? '' : 'out'} scripts`;
  const from = scripts ? 170 : 70; // prices that no other one has
  const wide = { javaScriptEnabled: scripts, viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' };
  const as = async (who) => {
    const context = await browser.newContext({ storageState: await signedIn(who), ...wide });
    return open(context, `${where}, ${who}`);
  };
  const [clerk, lead, colleague] = [await as('clerk@northbrook.example.com'), await as('lead@northbrook.example.com'), await as('demo@example.com')];
  const slug = await openBranch(clerk, home, `Prices with${scripts ? '' : 'out'} scripts`, { several: 30, from });
  const branch = home.replace(/main$/, slug);
  await clerk.goto(`${branch}/orders?state=draft&state=confirmed&size=25`);
  const orders = (await clerk.$$eval('main .tbl a.row-a', (as) => as.slice(0, 20).map((a) => a.href))).map((url) => url.replace(branch, home));
  check(orders.length === 20, `${where}: 20 open orders, not ${orders.length}`);
  for (const url of orders) await change(clerk, url.replace(home, branch), '[name="lines.0.qty"]', '7321');

  const links = await reprice(colleague, home, { several: 3, price: (n) => `${from + n}.75` });
  await change(colleague, orders[5], '[name="contact"]', 'On main');
  await clerk.goto(`${home}/branches/${slug}`);
  await clerk.selectOption('#reviewer', { label: 'Jonas Okafor' });
  await clerk.click('#reviewers button:text-is("Ask")');
  await clerk.waitForSelector('#reviewers :text("Jonas Okafor")');
  await lead.goto(home);
  await lead.click('main a.notice');
  await lead.click(`main a.row-a[href$="/branches/${slug}"]`);
  await lead.click('main a.btn-primary');
  await decide(lead, { scripts, check, where });
  if (scripts) await lead.keyboard.press('Enter');
  else await lead.locator('form[action$="/merge"] .btn-primary').click();
  await lead.waitForURL((u) => !u.href.endsWith('/plan'));

  const shown = async (page, url) => { await page.goto(url); return page.locator('main').innerText(); };
  const facts = async (n) => { await lead.goto(links[n]); return lead.locator('main dl').first().innerText(); };
  const texts = [await facts(0), await facts(1), await facts(2)];
  const kept = texts.filter((text, n) => text.includes(`${from + n}.75`));
  check(kept.length === 1 && texts.some((text, n) => text.includes(`${from + n}.25`)), `${where}: one price is main's still, two are the branch's`);
  const lines = async (url) => { await lead.goto(url); return lead.locator('main table.tbl').first().innerText(); };
  check((await lines(orders[5])).includes('7321'), `${where}: the orders have their new lines`);
  check((await shown(lead, orders[5])).includes('On main'), `${where}: and what main wrote meanwhile`);
  await lead.goto(`${home}/branches/${slug}`);
  await lead.click('text=The change that merged it');
  const merged = Number(lead.url().replace(/.*\/commits\//, ''));
  const list = `${home}/orders?state=draft&state=confirmed&size=25`;
  check(await shown(lead, list) !== await shown(lead, `${list}&at=${merged - 1}`), `${where}: the list as it was is another one`);
  check(!(await lines(`${orders[5]}?at=${merged - 1}`)).includes('7321'), `${where}: an order as it was`);

  await change(colleague, orders[7], '[name="customer_po"]', 'LATER');
  await lead.goto(`${home}/commits/${merged}/revert`);
  await lead.locator('form[action$="/revert"] .btn-primary').click();
  await lead.waitForURL((u) => !u.href.endsWith('/revert'));
  check(!(await lines(orders[7])).includes('7321'), `${where}: the merge is taken back`);
  check((await shown(lead, orders[7])).includes('LATER'), `${where}: the colleague's change survives`);
  check((await shown(lead, `${home}/branches/${slug}`)).includes('Open'), `${where}: the branch is open again`);
  for (const page of [clerk, lead, colleague]) await page.context().close();
}
