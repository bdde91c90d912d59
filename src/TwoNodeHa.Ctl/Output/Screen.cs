using System.Runtime.InteropServices;
using System.Text;

namespace TwoNodeHa.Ctl.Output;

/// <summary>What the output is shown on.</summary>
/// <param name="IsTerminal">A person looks at it: lines are wrapped, a picture can be drawn over the one before.</param>
/// <param name="Width">Columns; 0 when lines are not wrapped.</param>
/// <param name="Height">Lines; 0 when unknown.</param>
/// <param name="Color">Escape sequences for colour are understood and wanted.</param>
/// <param name="Utf8">The locale shows more than ASCII.</param>
internal sealed partial record Screen(bool IsTerminal, int Width, int Height, bool Color, bool Utf8)
{
    private const int WidthMin = 40;
    private const nuint GetWindowSize = 0x5413;

    /// <summary>A file or a pipe: no wrapping, no colour.</summary>
    public static Screen None { get; } = new(false, 0, 0, false, true);

    /// <summary>Standard output, by the kernel's and the environment's word.</summary>
    public static Screen OfStandardOutput()
    {
        var utf8 = IsUtf8(Variable("LC_ALL") ?? Variable("LC_CTYPE") ?? Variable("LANG"));
        if (Console.IsOutputRedirected)
        {
            return None with { Utf8 = utf8 };
        }

        // System.Console would read terminfo for this; one call is all that is needed.
        var size = default(WindowSize);
        var known = WindowSizeOf(1, GetWindowSize, ref size) == 0 && size.Columns > 0;
        return new Screen(
            IsTerminal: true,
            Math.Max(WidthMin, known ? size.Columns : 80),
            known ? size.Rows : 24,
            Color: Variable("NO_COLOR") is null && Variable("TERM") is { } kind && kind != "dumb",
            utf8);
    }

    /// <summary>Text as this screen can show it.</summary>
    public string Shown(string text) => Utf8 ? text : Ascii(text);

    /// <summary>Text in a colour, when there is colour.</summary>
    public string Paint(string text, Paint paint) => Color && text.Length > 0 ? $"\e[{(int)paint % 100}{((int)paint >= 100 ? ";1" : "")}m{text}\e[0m" : text;

    internal static bool IsUtf8(string? locale) =>
        locale is not null && locale.Replace("-", "", StringComparison.Ordinal).Contains("UTF8", StringComparison.OrdinalIgnoreCase);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string Ascii(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(rune.Value switch
            {
                < 0x80 => rune.ToString(),
                '→' => "->",
                '–' or '—' or '−' => "-",
                '…' => "...",
                '≥' => ">=",
                '≤' => "<=",
                'δ' => "d",
                'ε' => "e",
                '·' => "*",
                '„' or '“' or '”' => "\"",
                '’' => "'",
                _ => "?",
            });
        }

        return result.ToString();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsX;
        public ushort PixelsY;
    }

    // ioctl_tty(2), TIOCGWINSZ.
    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int WindowSizeOf(int descriptor, nuint request, ref WindowSize size);
}

/// <summary>Colours, as SGR numbers; 100 added means bold.</summary>
internal enum Paint
{
    /// <summary>As it should be.</summary>
    Good = 132,

    /// <summary>Not covered, a problem.</summary>
    Bad = 131,

    /// <summary>Something to look at.</summary>
    Warning = 33,

    /// <summary>Less important than the rest.</summary>
    Dim = 2,

    /// <summary>A heading.</summary>
    Head = 1,
}
