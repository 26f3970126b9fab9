/** The launcher's looks; --c and --i are the channel's colour and what is read on it. */
export const style = `
:host{all:initial}
.l,.f{position:fixed;z-index:2147483000;inset-inline-end:max(20px,env(safe-area-inset-right))}
.l{inset-block-end:max(20px,env(safe-area-inset-bottom));width:56px;height:56px;padding:0;border:0;border-radius:50%;
background:var(--c);color:var(--i);cursor:pointer;display:grid;place-items:center;-webkit-tap-highlight-color:transparent;
box-shadow:0 1px 3px rgb(15 25 35/.2),0 6px 18px rgb(15 25 35/.22);transition:transform .12s,opacity .15s}
.l:hover{transform:scale(1.05)}
.l:focus-visible{outline:3px solid var(--c);outline-offset:3px}
.l svg{grid-area:1/1;width:28px;height:28px;transition:opacity .15s}
.l svg+svg,.o .l svg{opacity:0}
.o .l svg+svg{opacity:1}
.b{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;height:22px;padding:0 6px;box-sizing:border-box;
border-radius:11px;background:#c02b2b;color:#fff;font:600 12px/22px system-ui,sans-serif;text-align:center;
box-shadow:0 0 0 2px #fff}
.n{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.f{inset-block-end:max(88px,calc(68px + env(safe-area-inset-bottom)));width:380px;max-width:calc(100vw - 40px);height:min(600px,calc(100dvh - 108px));
border:0;border-radius:14px;background:#fff;visibility:hidden;opacity:0;transform:translateY(8px);
box-shadow:0 0 0 1px rgb(120 130 140/.16),0 16px 48px rgb(15 25 35/.22);
transition:opacity .15s,transform .15s,visibility 0s .15s}
.o .f{visibility:visible;opacity:1;transform:none;transition-delay:0s}
[hidden]{display:none!important}
@media (prefers-color-scheme:dark){.f{background:#171c21}.b{box-shadow:0 0 0 2px #171c21}}
@media (max-width:480px),(max-height:420px){
.f{inset:0;width:100%;max-width:none;height:100dvh;border-radius:0;box-shadow:none}
.o .l{display:none}}
@media (prefers-reduced-motion:reduce){.l,.l svg,.f{transition:none!important}}
@media (forced-colors:active){.l,.f{border:1px solid}}
@media print{.w{display:none}}
`;
