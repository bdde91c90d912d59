using Microsoft.Playwright;

namespace TwoNodeHa.Report.Tests;

/// <summary>The browser that is installed here; Playwright's own is not fetched.</summary>
internal static class Browser
{
    public const string Missing = "no Chromium: install one, or name it with CHROMIUM";

    public static string? Chromium => new[] { Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }
        .FirstOrDefault(path => File.Exists(path));

    public static async Task<(IPlaywright Playwright, IBrowser Browser)> LaunchAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        }));
    }
}
