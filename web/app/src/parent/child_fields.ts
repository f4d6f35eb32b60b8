import type { ChildEdit, Gender } from "@kinwire/sdk";
import { h } from "../dom.ts";
import { input, labelled, select } from "../ui.ts";
import { avatarPicker, type AvatarPicker } from "../widgets/avatars.ts";
import { countrySelect, guessCountry } from "../widgets/countries.ts";
import { PicturePassword } from "../widgets/pictures.ts";
import { words } from "../words.ts";

/** The fields of what is kept about a child, and no others. */
export class ChildFields {
  readonly el: HTMLElement;
  readonly #nickname: HTMLInputElement;
  readonly #birthDate: HTMLInputElement;
  readonly #country: HTMLSelectElement;
  readonly #gender: HTMLSelectElement;
  readonly #avatar: AvatarPicker;

  constructor(child?: ChildEdit) {
    const w = words.parent.child;
    this.#nickname = input({
      testid: "child-nickname",
      value: child?.nickname ?? "",
      attrs: { maxlength: "40" },
    });
    this.#birthDate = input({
      testid: "child-birth-date",
      type: "date",
      value: child?.birth_date ?? "",
      attrs: { max: new Date().toISOString().slice(0, 10) },
    });
    this.#country = countrySelect("child-country", child?.country ?? guessCountry());
    this.#gender = select(
      "child-gender",
      [
        { value: "", text: w.genders.none },
        ...(["girl", "boy", "other"] as const).map((value) => ({ value, text: w.genders[value] })),
      ],
      child?.gender ?? "",
    );
    this.#avatar = avatarPicker("child-avatar", child?.avatar);
    this.el = h(
      "div",
      { class: "column" },
      labelled(w.nickname, this.#nickname, w.nicknameHint),
      this.#avatar.el,
      labelled(words.common.birthDate, this.#birthDate, w.birthDateHint),
      labelled(words.common.country, this.#country),
      labelled(w.gender, this.#gender),
    );
  }

  get value(): ChildEdit {
    const gender = this.#gender.value as Gender | "";
    return {
      nickname: this.#nickname.value,
      birth_date: this.#birthDate.value,
      country: this.#country.value,
      avatar: this.#avatar.value,
      ...(gender && { gender }),
    };
  }
}

/** How many letters a child's password needs. */
const LETTERS = 8;

/** A child's password: pictures to tap, or letters. */
export class PasswordFields {
  readonly el: HTMLElement;
  readonly #pictures: PicturePassword;
  readonly #letters: HTMLInputElement;
  readonly #kind: HTMLSelectElement;

  constructor(testid: string) {
    const w = words.parent.child;
    this.#pictures = new PicturePassword(testid, { legend: w.passwordPictures, show: true });
    this.#letters = input({
      testid: `${testid}-letters`,
      type: "password",
      required: false,
      autocomplete: "new-password",
    });
    this.#kind = select(`${testid}-kind`, [
      { value: "pictures", text: w.passwordPictures },
      { value: "letters", text: w.passwordLetters },
    ]);
    const letters = labelled(w.password, this.#letters, w.passwordHint);
    const shown = () => {
      this.#pictures.el.hidden = this.#kind.value !== "pictures";
      letters.hidden = this.#kind.value !== "letters";
    };
    this.#kind.addEventListener("change", shown);
    shown();
    this.el = h("div", { class: "column" }, labelled(w.passwordKind, this.#kind), this.#pictures.el, letters);
  }

  /** The password, or "" while it is too short to be one. */
  get value(): string {
    if (this.#kind.value === "pictures") return this.#pictures.enough ? this.#pictures.value : "";
    return [...this.#letters.value].length >= LETTERS ? this.#letters.value : "";
  }

  clear(): void {
    this.#pictures.clear();
    this.#letters.value = "";
  }
}
