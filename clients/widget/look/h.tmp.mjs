import { chromium } from "playwright-core";
const base = "http://127.0.0.1:18177";
let token;
const rpc = async (m, body={}) => { const r = await fetch(`${base}/parley.${m}`, {method:"POST", headers:{"Content-Type":"application/json", ...(token&&{Authorization:`Bearer ${token}`})}, body: JSON.stringify(body)}); const j=await r.json(); if(!r.ok) throw new Error(m+" "+JSON.stringify(j)); return j; };
({token} = await rpc("identity.v1.IdentityService/SignIn",{email:"nora@fernhill.example",password:"fernhill-demo"}));
const browser = await chromium.launch({executablePath:"/usr/bin/chromium",args:["--no-sandbox","--disable-gpu"]});
const context = await browser.newContext({viewport:{width:1100,height:760},locale:"en-GB"});
const log=(...a)=>console.log(new Date().toISOString().slice(17,23),...a);
const page=await context.newPage(); page.setDefaultTimeout(9000);
page.on("console",m=>["error","warning"].includes(m.type())&&log("console:",m.text().slice(0,160))); page.on("pageerror",e=>log("pageerror",e.message));
const P=page.frameLocator("parley-widget iframe"); const input=P.getByRole("textbox",{name:"Message"});
try {
  await page.goto(base+"/demo/"); await page.locator("parley-widget button.l").click();
  await input.fill("Before"); await input.press("Enter"); await P.getByText(/^Sent$/).waitFor();
  const {chats:[chat]} = await rpc("livechat.v1.LiveChatService/ListChats",{});
  const post=(body,extra={})=>rpc("chatter.v1.ChatterService/PostMessage",{requestId:crypto.randomUUID(),threadId:chat.id,body,...extra});
  for(let i=1;i<=110;i++) await post("Line "+i+(i%7?"":" with more words, so that it takes more than a line in the panel"));
  await P.getByText("Line 110").waitFor();
  await post("secret note",{internal:true}).catch(e=>log(e.message.slice(0,100)));
  await page.reload(); await P.getByText("Line 110").waitFor();
  log("shown", await P.locator(".bubble").count());
  const box=P.locator(".log");
  for (let k=0;k<8;k++){ await box.evaluate(b=>{b.scrollTop=60}); await page.waitForTimeout(400); log("shown", await P.locator(".bubble").count(), await box.evaluate(b=>Math.round(b.scrollTop))); }
  log("note seen?", await P.getByText("secret note").count());
  await post("While away from the end"); await P.getByRole("button",{name:"1 new message"}).waitFor(); await page.screenshot({path:"/tmp/parley/widget/live/away.png"});
  await P.getByRole("button",{name:"1 new message"}).click(); await P.getByText("While away from the end").waitFor();
  const bodies=await P.locator(".bubble").allInnerTexts(); log(bodies.length, new Set(bodies).size);
  await P.getByRole("button",{name:"Options"}).click(); await page.screenshot({path:"/tmp/parley/widget/live/menu.png"}); await P.getByRole("button",{name:"End this chat"}).click();
  await P.getByRole("button",{name:"Start a new chat"}).click(); await P.getByText("How can we help you").waitFor(); log("bubbles", await P.locator(".bubble").count());
  await input.fill("Another chat"); await input.press("Enter"); await P.getByText(/^Sent$/).waitFor();
  await page.reload(); await P.getByText("Another chat").waitFor(); log("another chat", await P.locator(".bubble").allInnerTexts());
  const {channels:[ch]}=await rpc("livechat.v1.LiveChatService/ListChannels");
  await rpc("livechat.v1.LiveChatService/UpdateChannel",{channel:{id:ch.id,allowedOrigins:["https://shop.example"]},updateMask:"allowedOrigins"});
  log((await fetch(base+"/widget/panel?channel="+ch.id)).headers.get("content-security-policy").slice(-60));
  await rpc("livechat.v1.LiveChatService/UpdateChannel",{channel:{id:ch.id,allowedOrigins:[]},updateMask:"allowedOrigins"});
} catch(e) { log("FAILED", e.stack); await page.screenshot({path:"/tmp/parley/widget/live/failh.png"}); }
await browser.close(); process.exit();
