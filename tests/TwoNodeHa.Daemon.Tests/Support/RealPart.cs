using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>Programs of others that a test drives: skipped with the reason where they are not installed (tests/lab/install.sh).</summary>
internal sealed class RealPart : IDisposable
{
    private readonly Process _process;

    private RealPart(Process process) => _process = process;

    public static string Require(string program)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, $"{program} is not installed: run tests/lab/install.sh");
        return found!;
    }

    /// <summary>A program that a package of the registry carries (tests/lab/parts).</summary>
    public static string RequireOfPackage(string package, string program)
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var root = Path.Combine(packages, package);
        var found = Directory.Exists(root) ? Directory.EnumerateFiles(root, program, SearchOption.AllDirectories).FirstOrDefault() : null;
        Assert.SkipWhen(found is null, $"{program} is not there: run tests/lab/install.sh");
        return found!;
    }

    public static RealPart Start(string program, params string[] arguments) => Start(program, new Dictionary<string, string>(), arguments);

    public static RealPart Start(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        Array.ForEach(arguments, start.ArgumentList.Add);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new RealPart(process);
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("/bin/kill", ["-" + name, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    public static int FreePort(ProtocolType protocol = ProtocolType.Tcp)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public static string Secret(Scratch scratch, string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(scratch[name], text + "\n");
        File.SetUnixFileMode(scratch[name], mode);
        return scratch[name];
    }
}

/// <summary>An authority made for one test, and certificates of it.</summary>
internal sealed class TestAuthority
{
    private readonly X509Certificate2 _root;
    private readonly Scratch _scratch;

    public TestAuthority(Scratch scratch, string name = "ca")
    {
        _scratch = scratch;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        CaFile = scratch[name + ".pem"];
        File.WriteAllText(CaFile, _root.ExportCertificatePem());
    }

    public string CaFile { get; }

    /// <summary>Files (certificate, key) of a server or client at an address.</summary>
    public (string Certificate, string Key) Issue(string name, string address = "127.0.0.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(_root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(_scratch[name + ".pem"], certificate.ExportCertificatePem());
        return (_scratch[name + ".pem"], RealPart.Secret(_scratch, name + ".key", key.ExportPkcs8PrivateKeyPem()));
    }
}

/// <summary>A board that speaks Redfish over HTTPS, enough for one system.</summary>
internal sealed class RedfishBoard : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly string _authorization;

    public RedfishBoard((string Certificate, string Key) files, string user, string password)
    {
        using var loaded = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        _certificate = X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), null);
        _authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public string State { get; set; } = "On";

    public Guid Uuid { get; set; } = Guid.NewGuid();

    /// <summary>Answers nothing any more.</summary>
    public bool Hangs { get; set; }

    /// <summary>Takes orders and does nothing.</summary>
    public bool Lazy { get; set; }

    public int Orders { get; private set; }

    public void Dispose()
    {
        _listener.Dispose();
        _certificate.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync();
            _ = Task.Run(async () =>
            {
                try
                {
                    await using var stream = new SslStream(client.GetStream());
                    await stream.AuthenticateAsServerAsync(_certificate);
                    using var reader = new StreamReader(stream, leaveOpen: true);
                    while (await reader.ReadLineAsync() is { } line)
                    {
                        await OneAsync(stream, reader, line);
                    }
                }
                catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException or ObjectDisposedException)
                {
                    // The other side went away.
                }
            });
        }
    }

    private async Task OneAsync(Stream stream, StreamReader reader, string line)
    {
        var (length, known) = (0, false);
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            length = header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase) ? int.Parse(header[16..], System.Globalization.CultureInfo.InvariantCulture) : length;
            known |= header == "Authorization: " + _authorization;
        }

        var body = new char[length];
        if (length > 0)
        {
            // Without a body even a reading of nothing would wait.
            await reader.ReadBlockAsync(body);
        }

        while (Hangs)
        {
            await Task.Delay(50);
        }

        var words = line.Split(' ');
        var (status, text) = !known ? ("401 Unauthorized", "{}") : (words[0], words[1]) switch
        {
            ("GET", "/redfish/v1/Systems") => ("200 OK", """{"Members":[{"@odata.id":"/redfish/v1/Systems/1"}]}"""),
            ("GET", "/redfish/v1/Systems/1") => ("200 OK", $$$$"""{"PowerState":"{{{{State}}}}","UUID":"{{{{Uuid}}}}","Actions":{"#ComputerSystem.Reset":{"target":"/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"}}}"""),
            ("POST", "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset") when new string(body).Contains("ForceOff", StringComparison.Ordinal) => ("204 No Content", ""),
            _ => ("404 Not Found", "{}"),
        };
        if (status.StartsWith("204", StringComparison.Ordinal))
        {
            Orders++;
            State = Lazy ? State : "Off";
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {text.Length}\r\n\r\n{text}"));
    }
}
