import type { Translation } from "../../words/shape.ts";
import type { netcheck as english } from "./en.ts";

export const netcheck: Translation<typeof english> = {
  open: "Dlaczego mój obraz jest czarny?",
  title: "Dlaczego mój obraz jest czarny?",
  hint: "Sprawdzimy, czy rozmowy wideo mogą stąd wyjść i czy działają kamera i mikrofon.",
  camera: "Przeglądarka zapyta o kamerę i mikrofon. Nikt inny cię nie widzi ani nie słyszy.",
  start: "Zacznij sprawdzać",
  again: "Sprawdź jeszcze raz",
  running: "Sprawdzam. To potrwa do pół minuty…",
  yourPicture: "To widzi twoja kamera",

  lines: {
    https: "Kinwire odpowiada",
    websocket: "Rozmowy mogą dzwonić",
    stun: "Droga z zewnątrz",
    turn_udp: "Przez pomocnika, szybko",
    turn_tcp: "Przez pomocnika, wolno",
    turn_tls: "Przez pomocnika, w ukryciu",
    sfu_udp: "Prosto, szybko",
    sfu_tcp: "Prosto, wolno",
    camera: "Kamera",
    microphone: "Mikrofon",
    codecs: "Rodzaje wideo",
  },
  states: {
    waiting: "",
    running: "…",
    ok: "Działa",
    okIn: "Działa, {ms} ms",
    failed: "Zablokowane",
    absent: "Tu tego nie ma",
    unsure: "Nie wiadomo",
  },
  devices: {
    picture: "Jest obraz",
    sound: "Jest dźwięk",
    black: "Obraz jest czarny",
    silent: "Nie ma dźwięku",
    denied: "Brak zgody",
    none: "Nie znaleziono",
    busy: "Używa go inny program",
  },
  codecsNone: "Żaden nie pasuje",

  verdicts: {
    good: {
      title: "Twoja sieć przepuszcza rozmowy wideo",
      text: "Obraz i dźwięk przechodzą w obie strony.",
    },
    slow: {
      title: "Rozmowy wideo tu działają, ale nie za dobrze",
      text: "Obraz i dźwięk przechodzą, ale mogą się zacinać.",
    },
    blocked: {
      title: "Ta sieć blokuje rozmowy wideo",
      text: "Strony się otwierają, ale obraz i dźwięk nie przechodzą.",
    },
    offline: {
      title: "Nie można się połączyć z Kinwire",
      text: "Może nie ma internetu albo Kinwire odpoczywa.",
    },
    unsure: {
      title: "Nie udało się sprawdzić",
      text: "To nic nie mówi o twojej sieci.",
    },
  },
  butCamera: "Sieć jest w porządku, ale kamera nie",
  butMicrophone: "Sieć jest w porządku, ale mikrofon nie",

  advice: {
    reload: "Zobacz, czy inne strony się otwierają. Wyłącz i włącz Wi-Fi, a potem sprawdź jeszcze raz.",
    otherNetwork:
      "Spróbuj w innej sieci: domowe Wi-Fi albo telefon kogoś dorosłego jako hotspot. W szkole, hotelu i pracy rozmowy wideo są często zablokowane.",
    askHelper:
      "Osoba, która opiekuje się tą siecią, może przepuścić Kinwire: pokaż jej tabelę na końcu tej strony.",
    socketBlocked: "Coś po drodze, na przykład filtr, przerywa linię, na której dzwonią rozmowy.",
    tcpOnly:
      "Otwarta jest tylko wolna droga: jeden zgubiony kawałek zatrzymuje wszystkie inne. Obraz może się zacinać.",
    far: "Wszystko dociera późno. Podejdź bliżej do Wi-Fi i poproś, żeby nikt teraz nie pobierał dużych rzeczy.",
    wait: "Poczekaj minutę i sprawdź jeszcze raz.",
    oldBrowser: "Ta przeglądarka nie umie pokazać obrazu Kinwire. Zaktualizuj ją albo użyj innej.",
    cameraDenied:
      "Przeglądarka nie pozwala Kinwire używać kamery. Dotknij kłódki albo kamery obok adresu strony i pozwól na to.",
    cameraNone: "Nie znaleziono kamery. Czy jest podłączona?",
    cameraBusy: "Kamery używa inny program. Zamknij go i sprawdź jeszcze raz.",
    cameraBlack:
      "Kamera działa, ale widzi tylko czerń. Czy coś zasłania obiektyw? Czy nie jest wyłączona z boku? Czy nie jest za ciemno?",
    microphoneDenied:
      "Przeglądarka nie pozwala Kinwire używać mikrofonu. Dotknij kłódki obok adresu strony i pozwól na to.",
    microphoneNone: "Nie znaleziono mikrofonu. Czy jest podłączony?",
    microphoneBusy: "Mikrofonu używa inny program. Zamknij go i sprawdź jeszcze raz.",
    microphoneSilent: "Z mikrofonu nic nie słychać. Czy nie jest wyłączony, sam albo w ustawieniach?",
  },

  support: "Dla kogoś, kto pomaga",
  supportHint: "Skopiuj to i wyślij osobie, która ci pomaga. Nie ma tu żadnego imienia ani pełnego adresu.",
};
