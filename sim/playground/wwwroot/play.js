// The browser's side: a call for each frame, and a file to keep. Everything else is C#.
export function run(page) {
    let last = performance.now();
    const frame = now => {
        page.invokeMethod('Frame', now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}

export function save(name, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
