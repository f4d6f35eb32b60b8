import type { Translation } from "../../words/shape.ts";
import type { signin as english } from "./en.ts";

export const signin: Translation<typeof english> = {
  title: "Kim jesteś?",
  demo: "Dotknij swojego obrazka, żeby wejść.",
  other: "Inne konto",
  user: "E-mail lub nazwa użytkownika",
  password: "Hasło",
  pictures: "Moje hasło to obrazki",
  letters: "Moje hasło to litery",
  keep: "Nie wylogowuj mnie na tym urządzeniu",
  submit: "Wejdź",
  family: "Rodzina {name}",
  passkey: "Wejdź kluczem dostępu",
  provider: "Wejdź przez {name}",
  haveCode: "Mam kod",
  forgot: "Nie pamiętasz hasła?",
  ways: "Inne sposoby wejścia",
  passkeyWrong: "Ten klucz dostępu nie pasuje do żadnego konta. Spróbuj inaczej.",
  returned: {
    cancelled: "Wejście zostało przerwane. Spróbuj jeszcze raz albo wybierz inny sposób.",
    email_unverified: "Ten serwis nie potwierdza adresu e-mail. Wybierz inny sposób.",
    other: "Wejście przez ten serwis się nie udało. Spróbuj jeszcze raz.",
  },
  friendWaits: "Najpierw wejdź. Potem możesz zapytać swojego znajomego.",
  guardianWaits: "Najpierw wejdź jako rodzic. Potem kod zostanie użyty.",

  code: {
    title: "Wejdź z kodem",
    hint: "Rodzic może ci pokazać kod na swojej stronie Kinwire.",
    label: "Kod",
    wrong: "Ten kod nie pasuje albo jest za stary. Poproś rodzica o nowy.",
  },

  forgotPage: {
    title: "Nowe hasło",
    hint: "Wyślemy ci e-mail z linkiem.",
    email: "E-mail",
    submit: "Wyślij e-mail",
    child: "Dzieci nie mają tu e-maila: nowe hasło może ustawić rodzic.",
  },
  reset: {
    title: "Wybierz nowe hasło",
    hint: "Co najmniej 10 znaków. Na innych urządzeniach trzeba będzie wejść jeszcze raz.",
    submit: "Zapisz i wejdź",
  },
  sent: {
    title: "Zajrzyj do poczty",
    text: "Wysłaliśmy e-mail na adres {email}. Otwórz link, który w nim jest.",
    none: "Nic nie ma? Zajrzyj do spamu albo spróbuj za kilka minut.",
  },

  signup: {
    question: "Jesteś tu pierwszy raz?",
    parent: "Jestem rodzicem",
    self: "Jestem nastolatkiem lub dorosłym",
    parentTitle: "Twoje konto rodzica",
    parentHint: "Najpierw zakładasz swoje konto, a potem konto dziecka.",
    selfTitle: "Twoje własne konto",
    ageHint: "Najpierw musimy wiedzieć, ile masz lat. Data urodzenia służy tylko do tego.",
    name: "Imię, które widzą znajomi i rodzina",
    email: "E-mail",
    password: "Hasło, co najmniej 10 znaków",
    usePasskey: "Użyję klucza dostępu i nie potrzebuję hasła",
    submit: "Załóż konto",
  },
  tooYoung: {
    title: "Poproś rodzica o pomoc",
    text: "Tam, gdzie mieszkasz, nie możesz jeszcze założyć tego konta bez rodziców. Rodzic może to zrobić za ciebie, i to szybko.",
    kept: "Niczego z tego, co tu wpisano, nie zachowaliśmy.",
    parent: "Mój rodzic jest przy mnie",
  },

  confirm: {
    title: "Prawie gotowe",
    text: "To już ostatni krok zakładania konta.",
    password: "Jeszcze raz Twoje hasło",
    passwordHint: "Zostaw puste, jeśli wybrano klucz dostępu.",
    wrong:
      "To nie jest hasło wybrane przy zakładaniu konta. Jeśli to nie Ty zakładasz konto, po prostu opuść tę stronę.",
    submit: "Wejdź",
    gone: "Ten link został już użyty albo jest za stary. Zaloguj się lub zacznij od nowa.",
  },
  key: {
    title: "Jak chcesz wchodzić następnym razem?",
    passkeyText:
      "Klucz dostępu to twój odcisk palca, twarz albo PIN tego urządzenia. Niczego nie trzeba pamiętać.",
    passkey: "Utwórz klucz dostępu",
    passkeyName: "To urządzenie",
    or: "Albo wybierz hasło:",
    password: "Nowe hasło, co najmniej 10 znaków",
    submit: "Użyj tego hasła",
    cancelled: "Klucz dostępu nie powstał. Spróbuj jeszcze raz albo wybierz hasło.",
  },
  consent: {
    title: "Potwierdź zgodę",
    text: "Zapytaliśmy e-mailem, czy jesteś rodzicem i się zgadzasz. Naciśnij przycisk, żeby potwierdzić.",
    submit: "Tak, jestem rodzicem",
    waiting: "Dziękujemy. Drugi e-mail przyjdzie {when}: jego też prosimy potwierdzić.",
    granted: "Dziękujemy. Zgoda jest kompletna. Możesz teraz założyć konto dziecka.",
    other: "Dziękujemy. Zapisaliśmy to.",
    go: "Do mojej rodziny",
  },
};
