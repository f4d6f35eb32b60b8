import type { Child, Person } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, setText } from "../dom.ts";
import { button, errorLine, form, item, section, statusLine } from "../ui.ts";
import { words } from "../words.ts";
import type { Part } from "./child.ts";
import { codeMaker, guardianCodeMaker } from "./child_code.ts";
import { ChildFields, PasswordFields } from "./child_fields.ts";
import { Loading } from "./loading.ts";

/**
 * What is kept about a child, the child's password and sign-in, and who else is a parent. changed is told
 * the child's new name and picture.
 */
export function aboutPart(ctx: Context, childID: string, changed: (child: Person) => void): Part {
  const error = errorLine("child-about-error");
  const place = h("div", { class: "part" }, h("p", { class: "hint" }, words.common.busy));
  const loading = new Loading(
    () => ctx.api.page("GET /v1/children/{id}", { path: { id: childID } }),
    (child) => place.replaceChildren(...parts(ctx, child, changed)),
    (e) => {
      place.replaceChildren();
      error.say(e);
    },
  );
  void loading.again();
  return { el: h("div", {}, error, place), close: () => loading.close() };
}

function parts(ctx: Context, child: Child, changed: (child: Person) => void): HTMLElement[] {
  const w = words.parent.child;
  const { id } = child.person;
  return [
    section(w.code, {}, codeMaker(ctx, id)),
    section(w.edit, {}, editForm(ctx, child, changed)),
    section(w.newPassword, {}, passwordForm(ctx, id)),
    section(
      w.parents,
      {},
      h(
        "ul",
        { class: "list", testid: "guardians" },
        ...(child.guardians ?? []).map((g) =>
          item({ testid: "guardian", data: { name: g.name }, picture: avatar(g, "small"), title: g.name }),
        ),
      ),
      guardianCodeMaker(ctx, id),
    ),
  ];
}

function editForm(ctx: Context, child: Child, changed: (child: Person) => void): HTMLElement {
  const error = errorLine("child-edit-error");
  const saved = statusLine("child-edit-saved");
  const fields = new ChildFields({
    nickname: child.person.name,
    birth_date: child.birth_date,
    country: child.country,
    avatar: child.person.avatar,
    ...(child.gender && { gender: child.gender }),
  });
  return form(
    "child-edit",
    async () => {
      setText(saved, "");
      const path = { id: child.person.id };
      const now = await ctx.api.page("PUT /v1/children/{id}", { path, body: fields.value });
      setText(saved, words.common.saved);
      changed(now.person);
    },
    (e) => error.say(e),
    h("p", { class: "hint" }, `${words.parent.child.user}: ${child.user}`),
    fields.el,
    error,
    saved,
    button({ testid: "child-edit-save", class: "primary wide", text: words.common.save, submit: true }),
  );
}

function passwordForm(ctx: Context, id: string): HTMLElement {
  const error = errorLine("child-password-error");
  const saved = statusLine("child-password-saved");
  const fields = new PasswordFields("child-new-password");
  return form(
    "child-password-form",
    async () => {
      setText(saved, "");
      const password = fields.value;
      if (!password) return error.say(words.parent.child.passwordShort);
      await ctx.api.page("PUT /v1/children/{id}/password", { path: { id }, body: { password } });
      fields.clear();
      setText(saved, words.parent.child.passwordSaved);
    },
    (e) => error.say(e),
    fields.el,
    error,
    saved,
    button({ testid: "child-password-save", class: "primary wide", text: words.common.save, submit: true }),
  );
}
