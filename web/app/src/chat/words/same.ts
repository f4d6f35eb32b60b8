/** Words that are the same in another language as in English, on purpose: holes and pictures alone. */
export const same: string[] = ["chat.list.them", "chat.preview.score", "chat.camera.stop"];
